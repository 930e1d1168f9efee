import MCFacade

// Majordomo: services by name, behind one broker (the Guide, chapter 4; RFC 7, MDP 0.1).
//
//   clients                      broker                       workers
//   REQ  ── "MDPC01", service, request… ──►  ROUTER  ◄──►  DEALER ── one of a service
//
// | who sends | frames |
// |---|---|
// | client → broker | (empty) `MDPC01`, service, request… |
// | broker → client | (empty) `MDPC01`, service, answer… |
// | worker → broker, first | empty, `MDPW01`, 1 READY, service |
// | broker → worker | empty, `MDPW01`, 2 REQUEST, client, empty, request… |
// | worker → broker | empty, `MDPW01`, 3 REPLY, client, empty, answer… |
// | both, every interval | empty, `MDPW01`, 4 HEARTBEAT |
// | both, last | empty, `MDPW01`, 5 DISCONNECT |
//
// The frames in parentheses are a REQ socket's own.
//
// - Requests for a service without an idle worker wait in the broker, first come, first served.
// - A worker that has not been heard of for `liveness` intervals while it should be idle, or whose
//   connection has ended, is forgotten; one that says something out of order is told to disconnect, and
//   begins anew.
// - A request that a worker dies with is lost, and so is what the broker has when it dies: the client asks
//   again after a while.
// - `mmi.service` is the broker's own: "200" when there is a worker for the service that is asked for,
//   else "404" (RFC 8).

enum Majordomo {
    static let client = [UInt8]("MDPC01".utf8)
    static let worker = [UInt8]("MDPW01".utf8)

    enum Command: UInt8 {
        case ready = 1
        case request
        case reply
        case heartbeat
        case disconnect
    }

    struct Rhythm: Sendable {
        var interval = Duration.milliseconds(2500)
        var liveness = 3
        var pause = Duration.milliseconds(2500)

        /// When somebody who is heard of now is dead if not heard of again.
        var expiry: ContinuousClock.Instant { .now + interval * liveness }
    }

    static func message(_ command: Command, _ rest: [[UInt8]] = []) -> [[UInt8]] {
        [[], worker, [command.rawValue]] + rest
    }
}

struct MajordomoBroker {
    /// Bound where clients and workers connect, both.
    let socket: RouterSocket
    var rhythm = Majordomo.Rhythm()

    private struct Service {
        /// Client, empty, request…
        var requests: [[[UInt8]]] = []
        /// Those that have waited longest first.
        var idle: [[UInt8]] = []
        var workerCount = 0
    }

    private struct Worker {
        let service: [UInt8]
        var expiry: ContinuousClock.Instant
        var isIdle = true
    }

    private struct State {
        var services: [[UInt8]: Service] = [:]
        var workers: [[UInt8]: Worker] = [:]
    }

    /// Until its task is cancelled, or the socket is closed.
    func run() async throws {
        let poller = Poller()
        poller.add(socket, for: .canReceive)
        var state = State()
        var nextBeat = ContinuousClock.now + rhythm.interval
        while true {
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: nextBeat))
            while let message = try socket.tryReceive() {
                take(message.parts, &state)
            }
            guard ContinuousClock.now >= nextBeat else { continue }
            nextBeat = .now + rhythm.interval
            for (id, worker) in state.workers {
                if !socket.isConnected(to: id) || worker.isIdle && worker.expiry < .now {
                    forget(id, &state)
                } else if worker.isIdle {
                    send(Majordomo.message(.heartbeat), to: id)
                }
            }
        }
    }

    private func take(_ parts: [[UInt8]], _ state: inout State) {
        // From whom, empty, and at least protocol and one more.
        guard parts.count >= 4, parts[1].isEmpty else { return }
        let rest = Array(parts.dropFirst(3))
        switch parts[2] {
        case Majordomo.client where rest.count >= 2:
            request(rest[0], Array(rest.dropFirst()), from: parts[0], &state)
        case Majordomo.worker: takeFromWorker(parts[0], rest, &state)
        default: break
        }
    }

    private func request(
        _ service: [UInt8], _ body: [[UInt8]], from client: [UInt8], _ state: inout State
    ) {
        if service == [UInt8]("mmi.service".utf8) {
            let isThere = (state.services[body[0]]?.workerCount ?? 0) > 0
            let code = isThere ? "200" : "404"
            send([[], Majordomo.client, service, [UInt8](code.utf8)], to: client)
        } else {
            state.services[service, default: Service()].requests.append([client, []] + body)
            handOut(service, &state)
        }
    }

    private func takeFromWorker(_ id: [UInt8], _ rest: [[UInt8]], _ state: inout State) {
        let command = rest[0].count == 1 ? Majordomo.Command(rawValue: rest[0][0]) : nil
        let isKnown = state.workers[id] != nil
        switch command {
        case .ready where !isKnown && rest.count == 2:
            state.workers[id] = Worker(service: rest[1], expiry: rhythm.expiry)
            state.services[rest[1], default: Service()].workerCount += 1
            becomesIdle(id, &state)
        case .reply where isKnown && rest.count >= 4:
            guard let worker = state.workers[id], !worker.isIdle else { break }
            send([[], Majordomo.client, worker.service] + rest.dropFirst(3), to: rest[1])
            becomesIdle(id, &state)
        case .heartbeat where isKnown: state.workers[id]?.expiry = rhythm.expiry
        case .disconnect: forget(id, &state)
        default:
            // Out of order, or of a broker before this one.
            send(Majordomo.message(.disconnect), to: id)
            forget(id, &state)
        }
    }

    private func becomesIdle(_ id: [UInt8], _ state: inout State) {
        guard let service = state.workers[id]?.service else { return }
        state.workers[id]?.isIdle = true
        state.workers[id]?.expiry = rhythm.expiry
        state.services[service]?.idle.append(id)
        handOut(service, &state)
    }

    private func forget(_ id: [UInt8], _ state: inout State) {
        guard let worker = state.workers.removeValue(forKey: id) else { return }
        state.services[worker.service]?.workerCount -= 1
        state.services[worker.service]?.idle.removeAll { $0 == id }
    }

    private func handOut(_ name: [UInt8], _ state: inout State) {
        guard var service = state.services[name] else { return }
        while !service.idle.isEmpty, !service.requests.isEmpty {
            let id = service.idle.removeFirst()
            state.workers[id]?.isIdle = false
            send(Majordomo.message(.request, service.requests.removeFirst()), to: id)
        }
        state.services[name] = service
    }

    private func send(_ message: [[UInt8]], to id: [UInt8]) {
        // A peer that has gone, or does not read, loses it: heartbeats and retries are for that.
        try? socket.send(parts: [id] + message, .dontWait)
    }
}

struct MajordomoWorker {
    let endpoint: String
    let service: String
    let context: Context
    var rhythm = Majordomo.Rhythm()

    /// Until its task is cancelled.
    func run(_ work: ([[UInt8]]) async throws -> [[UInt8]]) async throws {
        while true {
            try await serve(work)
            try await Task.sleep(for: rhythm.pause)
        }
    }

    /// Works until the broker says that it is over, or nothing.
    private func serve(_ work: ([[UInt8]]) async throws -> [[UInt8]]) async throws {
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        let broker = try DealerSocket(context: context, options: options)
        defer { broker.close() }
        try broker.connect(endpoint)
        try await broker.send(parts: Majordomo.message(.ready, [[UInt8](service.utf8)]))
        let poller = Poller()
        poller.add(broker, for: .canReceive)
        var expiry = rhythm.expiry
        var nextBeat = ContinuousClock.now + rhythm.interval
        while ContinuousClock.now < expiry {
            let soonest = min(nextBeat, expiry)
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: soonest))
            while let message = try broker.tryReceive() {
                let parts = message.parts
                guard parts.count >= 3, parts[1] == Majordomo.worker else { continue }
                switch parts[2].first.flatMap(Majordomo.Command.init) {
                case .request where parts.count >= 6:
                    let answer = try await work(Array(parts.dropFirst(5)))
                    try await broker.send(
                        parts: Majordomo.message(.reply, [parts[3], []] + answer))
                case .disconnect: return
                default: break
                }
                expiry = rhythm.expiry
            }
            if ContinuousClock.now >= nextBeat {
                nextBeat = .now + rhythm.interval
                try await broker.send(parts: Majordomo.message(.heartbeat))
            }
        }
    }
}

struct MajordomoClient {
    /// No answer came, however often it was asked.
    struct NoAnswer: Error {}

    let endpoint: String
    let context: Context
    var timeoutMilliseconds = 2500
    var attempts = 3

    func ask(_ service: String, _ request: [UInt8]) async throws -> [UInt8] {
        let name = [UInt8](service.utf8)
        var options = SocketOptions()
        options.receiveTimeoutMilliseconds = timeoutMilliseconds
        options.lingerMilliseconds = 0
        for _ in 0..<attempts {
            // A new socket each time: it hears no late answers.
            let socket = try ReqSocket(context: context, options: options)
            defer { socket.close() }
            try socket.connect(endpoint)
            try await socket.send(parts: [Majordomo.client, name, request])
            do {
                let answer = try await socket.receive().parts
                if answer.count == 3, answer[0] == Majordomo.client, answer[1] == name {
                    return answer[2]
                }
            } catch {
                if error.code != .timedOut { throw error }
            }
        }
        throw NoAnswer()
    }
}
