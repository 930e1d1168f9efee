import MCFacade

// Ventilator and sink: work is spread, results are gathered (the Guide, chapter 1, "divide and conquer").
//
//   ventilator            workers                 sink
//   PUSH ── number, task ──►  PULL
//                             PUSH ── number, result ──►  PULL
//   PUSH ── "BATCH", count ────────────────────────────►
//
// - The ventilator begins when so many workers are connected. Otherwise the first to come would get all:
//   tasks are dealt out in turn among those who are there.
// - The sink is told how many results to wait for. BATCH comes by another way than the results, which may
//   overtake it.
// - A worker that dies takes its tasks with it. This is for work that is begun anew where one is missing;
//   see `LoadBalancingBroker` for work that must be done.

enum Batch {
    static let begin = [UInt8]("BATCH".utf8)
}

struct Ventilator {
    let tasks: PushSocket
    /// Connected to the sink.
    let sink: PushSocket
    private let monitor: SocketMonitor
    private var workerCount = 0

    /// - Parameter tasks: neither bound nor connected yet, so that every worker is counted.
    init(tasks: PushSocket, sink: PushSocket) {
        self.tasks = tasks
        self.sink = sink
        monitor = tasks.monitor()
    }

    /// Waits until so many workers are connected.
    mutating func waitForWorkers(_ count: Int) async {
        var events = monitor.makeAsyncIterator()
        while workerCount < count, let event = await events.next() {
            switch event.kind {
            case .handshakeSucceeded: workerCount += 1
            case .disconnected: workerCount -= 1
            default: break
            }
        }
    }

    func send(_ batch: [[UInt8]]) async throws {
        try await sink.send(parts: [Batch.begin, [UInt8]("\(batch.count)".utf8)])
        for (number, task) in batch.enumerated() {
            try await tasks.send(parts: [[UInt8]("\(number)".utf8), task])
        }
    }
}

struct VentilatorWorker {
    let tasks: PullSocket
    let results: PushSocket

    /// Until its task is cancelled, or a socket is closed.
    func run(_ work: ([UInt8]) async throws -> [UInt8]) async throws {
        for try await message in tasks.messages where message.count == 2 {
            try await results.send(parts: [message.bytes(0), try await work(message.bytes(1))])
        }
    }
}

struct Sink {
    let results: PullSocket

    /// The results of one batch, in the order of its tasks.
    func collect() async throws -> [[UInt8]] {
        var count: Int?
        var found: [Int: [UInt8]] = [:]
        while count == nil || found.count < count ?? 0 {
            let parts = try await results.receive().parts
            guard parts.count == 2, let number = Int(String(decoding: parts[0], as: UTF8.self))
            else {
                if parts.first == Batch.begin, parts.count == 2 {
                    count = Int(String(decoding: parts[1], as: UTF8.self))
                }
                continue
            }
            found[number] = parts[1]
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}
