import Glibc
import MCFacade
import MCLock
import MCTestSupport

/// A part that we play: a thread, or several, with one socket.
final class OurPart: Part {
    private struct State {
        var socket: Socket?
        /// The prefixes and publishers that a subscriber has heard of.
        var heard: Set<String> = []
        var isDone = false
        var mayGo = false
        var isStopped = false
        var failure: String?
    }

    let plan: PartPlan
    let context: Context
    let ledger: Ledger
    private let state = Locked(State())
    private let finished = Gate()

    init(_ plan: PartPlan, _ context: Context) {
        self.plan = plan
        self.context = context
        ledger = Ledger(isOrdered: plan.number("ordered") == 1)
    }

    // MARK: As the scene sees it

    func start() throws {
        try open(patiently: true)
        startThread { [self] in
            let failure: String?
            do {
                try play()
                failure = nil
            } catch {
                failure = hasEnded(error) ? nil : "\(error)"
            }
            state.withLock {
                $0.isDone = true
                $0.failure = failure
            }
            finished.open()
        }
    }

    func look() -> PartState {
        let messages = ledger.messages
        let wanted = plan.list("topics").count * plan.number("publishers")
        return state.withLock {
            PartState(
                isDone: $0.isDone && $0.failure == nil, failure: $0.failure, messages: messages,
                isSynced: $0.heard.count == wanted)
        }
    }

    func go() { state.withLock { $0.mayGo = true } }

    func stop() throws -> [Int: Tally] {
        let socket = state.withLock { state in
            state.mayGo = true
            state.isStopped = true
            return state.socket
        }
        // Wakes whoever waits in it.
        socket?.close()
        finished.wait()
        if let failure = state.withLock({ $0.failure }) { throw Failure(failure) }
        return ledger.tallies
    }

    /// Whether an error only says that the scene is over.
    private func hasEnded(_ error: any Error) -> Bool {
        guard isStopped, let error = error as? SocketError else { return false }
        return error.code == .closed
    }

    // MARK: As the roles see it

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var mayGo: Bool { state.withLock { $0.mayGo } }

    /// A publisher says that it knows a prefix: "prefix~publisher".
    func hear(_ text: String) {
        guard let prefix = text.split(separator: "~").first,
            plan.list("topics").contains(String(prefix))
        else { return }
        state.withLock { _ = $0.heard.insert(text) }
    }

    /// The socket as it is now; with `churn` there are several, one after the other.
    func socket<Kind>(as kind: Kind.Type = Kind.self) throws -> Kind {
        guard let socket = state.withLock({ $0.socket }) as? Kind else {
            throw Failure("\(plan.name) has no \(kind)")
        }
        return socket
    }

    /// Opens the socket and joins it to its endpoints.
    ///
    /// - Parameter patiently: who was bound before may still be on its way out.
    private func open(patiently: Bool) throws {
        let socket = try OurSocket.open(plan, type: plan["type"], context: context)
        state.withLock { $0.socket = socket }
        try join(socket, patiently: patiently)
    }

    private func join(_ socket: Socket, patiently: Bool) throws {
        for endpoint in plan.list("bind") {
            try OurPart.bind(socket, endpoint, patiently: patiently)
        }
        for endpoint in plan.list("connect") { try socket.connect(endpoint) }
    }

    static func bind(_ socket: Socket, _ endpoint: String, patiently: Bool) throws {
        let deadline = now() + (patiently ? 5 : 0)
        while true {
            do {
                try socket.bind(endpoint)
                return
            } catch {
                guard error.code == .addressInUse, now() < deadline else { throw error }
            }
            usleep(10_000)
        }
    }

    /// Between two rounds the endpoints, or the socket, are left and taken again; nothing that was sent
    /// may get lost by it.
    func churn(isLast: Bool) throws {
        let socket: Socket = try socket()
        if plan["churn"] == "fresh" || isLast {
            socket.close()
            if !isLast { try open(patiently: false) }
        } else if plan["churn"] == "redial" {
            for endpoint in plan.list("connect") { try socket.disconnect(endpoint) }
            for endpoint in plan.list("bind") { try socket.unbind(endpoint) }
            try join(socket, patiently: false)
        }
    }

    private func play() throws {
        switch plan["role"] {
        case "send": try send()
        case "receive": try receive()
        case "ask": try ask()
        case "echo": try echo()
        case "duplex": try duplex()
        case "publish": try publish()
        case "subscribe": try subscribe()
        case "relay": try relay()
        default: throw Failure("no role \(plan["role"])")
        }
    }

    /// Until the scene is over.
    func waitForStop() { while !isStopped { usleep(2_000) } }
}
