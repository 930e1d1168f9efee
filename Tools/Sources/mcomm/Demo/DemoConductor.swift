import MCommSupport

/// Runs one scenario: starts its processes, leads them through it by the lines on their standard
/// streams, and ends them. Nothing waits beyond the deadline, and no child outlives the run.
struct DemoConductor {
    private enum Phase {
        case starting, greeting, streaming, pacing, stopping
    }

    private let scenario: DemoScenario
    private let data: DemoData
    private let job: DemoJob
    private var deadline: UInt64
    private var group = ChildGroup()
    private var phase = Phase.starting
    private var waiting: [DemoJob.Peer] = []
    private var childOfPeer: [String: Int] = [:]
    private var ready: Set<String> = []
    private var counts: [String: Int] = [:]
    private var hasSent = false
    private var reports: [DemoEvent] = []
    private var failure: String?
    /// Nothing more is waited for, reports or not.
    private var isOver = false

    /// A grace for reports after a failure, and for the processes to end.
    private static let graceNanoseconds: UInt64 = 3_000_000_000

    init(_ scenario: DemoScenario, data: DemoData, job: DemoJob, timeoutSeconds: Int) {
        self.scenario = scenario
        self.data = data
        self.job = job
        deadline = Clock.nanoseconds() + UInt64(timeoutSeconds) * 1_000_000_000
    }

    mutating func run(folder: String) -> DemoResult {
        let peers = scenario.peers(folder: folder)
        do {
            if scenario.transport == .inproc {
                // Threads of one process: that is what inproc connects.
                try start(peers)
            } else {
                waiting = Array(peers.dropFirst())
                try start(Array(peers.prefix(1)))
            }
            while reports.count < peers.count, !isOver { try step() }
        } catch {
            failure = failure ?? String(describing: error)
        }
        endAll()
        return DemoResult(
            scenario, reports: reports, data: data, rounds: job.rounds, failure: failure)
    }

    private mutating func start(_ peers: [DemoJob.Peer]) throws {
        var job = self.job
        job.peers = peers
        let child = try ChildProcess(
            executable: ChildProcess.ownExecutable,
            arguments: ["demo-peer", try DemoLine.encode(job)])
        let number = group.add(child)
        for peer in peers { childOfPeer[peer.name] = number }
    }

    private mutating func step() throws {
        switch group.next(until: deadline) {
        case .line(_, let text): try handle(try DemoLine.decode(text, as: DemoEvent.self))
        case .ended(let child):
            let missing = childOfPeer.filter { $0.value == child }.map(\.key)
                .filter { name in !reports.contains { $0.peer == name } }
            if let name = missing.sorted().first {
                let status = group.children[child].wait(until: Clock.nanoseconds() + 100_000_000)
                fail("\(name) ended early, status \(status.map(String.init) ?? "unknown")")
            }
        case .deadline:
            guard phase != .stopping else {
                failure = failure ?? "not every peer reported in time"
                isOver = true
                return
            }
            fail("out of time: \(arrived) of \(expected) tensors arrived")
        }
    }

    private mutating func handle(_ event: DemoEvent) throws {
        switch event.kind {
        case .bound:
            for var peer in waiting {
                peer.connect = event.endpoint
                try start([peer])
            }
            waiting = []
            phase = .greeting
        case .ready:
            ready.insert(event.peer)
            if ready.count == scenario.receiverCount, phase != .stopping {
                phase = .streaming
                tell("sender", .stream)
            }
        case .progress: counts[event.peer] = event.count
        case .sent: hasSent = true
        case .report: reports.append(event)
        case .failed: fail("\(event.peer): \(event.message ?? "failed")")
        }
        advance()
    }

    /// From one phase to the next when all that was sent has arrived.
    private mutating func advance() {
        guard hasSent, arrived >= expected else { return }
        hasSent = false
        switch phase {
        case .streaming:
            phase = .pacing
            tell("sender", .pace)
        case .pacing: stop()
        case .starting, .greeting, .stopping: break
        }
    }

    private var arrived: Int { counts.values.reduce(0, +) }

    private var expected: Int {
        data.source.items.count * (phase == .streaming ? job.rounds : job.rounds + 1)
            * scenario.copies
    }

    /// Notes the first failure, and asks those who still can for their reports.
    private mutating func fail(_ reason: String) {
        guard phase != .stopping else { return }
        failure = reason
        stop()
    }

    private mutating func stop() {
        phase = .stopping
        deadline = min(deadline, Clock.nanoseconds()) + Self.graceNanoseconds
        for name in childOfPeer.keys { tell(name, .stop) }
    }

    private func tell(_ peer: String, _ command: DemoMailbox.Command) {
        if let child = childOfPeer[peer] {
            group.children[child].send("\(peer) \(command.rawValue)")
        }
    }

    private mutating func endAll() {
        let end = Clock.nanoseconds() + (failure == nil ? Self.graceNanoseconds : 0)
        for child in group.children {
            let status = child.wait(until: end)
            if failure == nil, status != 0 {
                failure =
                    status.map { "a process ended with status \($0)" }
                    ?? "a process did not end"
            }
            child.kill()
        }
    }
}
