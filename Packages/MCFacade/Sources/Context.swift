import MCLock
import Glibc
import MCPatterns
import MCPool
import MCTransport
import MCTransportInproc
import MCTransportTCP
import MCTransportUDP
import MCQueue

/// What sockets share: the I/O thread, and the names of `inproc://`.
///
/// Most programs use `Context.shared` without naming it. A context of one's own is for tests and
/// for libraries that must not see the names of others.
///
/// - Thread rule: any thread.
/// - Ownership: sockets keep their context alive.
public final class Context: Sendable {
    /// The context of sockets that are made without one.
    ///
    /// When the process exits normally, what its closed sockets have sent is still delivered,
    /// for as long as their LINGER says.
    public static let shared = Context()

    /// The transports that are built in, by scheme: a new one is one more line here.
    private static let transports: [Scheme: any StreamTransport] = [
        .tcp: TCPTransport(),
        .ipc: IPCTransport(),
    ]

    private static let datagrams: [Scheme: any DatagramTransport] = [.udp: UDPTransport()]

    private struct State {
        /// Started with the first socket.
        var ioThreads: [IOThread] = []
        /// How many sockets each of them has.
        var loads: [Int] = []
        /// Which of them a socket has.
        var threads: [ObjectIdentifier: Int] = [:]
        var engines: [ObjectIdentifier: WeakEngine] = [:]
        /// Engines that are not ended, closed or not.
        var liveCount = 0
        var waiters: [Waiter] = []
        var isClosed = false

        static func allows(_ affinity: UInt64, _ index: Int) -> Bool {
            affinity == 0 || (index < 64 && affinity & 1 << UInt64(index) != 0)
        }

        /// The thread of a mask with the fewest sockets, as libzmq chooses; nil where there is none.
        func leastLoaded(_ affinity: UInt64) -> Int? {
            loads.indices.filter { State.allows(affinity, $0) }.min { loads[$0] < loads[$1] }
        }
    }

    private struct WeakEngine {
        weak var engine: SocketEngine?
    }

    private let state = Locked<State>(State())
    private let inproc = InprocRegistry()
    /// What the context was made with.
    public let options: ContextOptions

    public convenience init() { self.init(options: ContextOptions()) }

    /// - Parameter finishesAtExit: false where a process that exits leaves what its closed sockets have
    ///   not sent, as libzmq does.
    package init(options: ContextOptions, finishesAtExit: Bool = true) {
        self.options = options
        if finishesAtExit { ExitHook.install(self) }
    }

    /// A context with other than the usual threads and limits.
    ///
    /// - Throws: `invalidOption`, naming the option and the value.
    public convenience init(_ options: ContextOptions) throws(SocketError) {
        try options.check()
        self.init(options: options)
    }

    deinit {
        inproc.withdrawAll()
        state.withLock { for thread in $0.ioThreads { thread.stop() } }
    }

    /// Makes the engine of a socket.
    func makeEngine(
        _ pattern: any Pattern, options: SocketOptions
    ) throws(SocketError) -> SocketEngine {
        try options.check()
        return try makeEngine(pattern, options: options.engineOptions)
    }

    /// As the facade's, with options that have been checked.
    package func makeEngine(
        _ pattern: any Pattern, options: EngineOptions
    ) throws(SocketError) -> SocketEngine {
        let (thread, index) = try ioThread(affinity: options.affinity)
        let engine: SocketEngine
        do throws(SocketError) {
            engine = try SocketEngine(
                pattern: pattern, options: options, ioThread: thread,
                transports: Context.transports, datagrams: Context.datagrams, inproc: inproc)
        } catch {
            ended(nil, thread: index)
            throw error
        }
        let id = ObjectIdentifier(engine)
        let isClosed = state.withLock { state in
            state.engines[id] = WeakEngine(engine: engine)
            state.threads[id] = index
            return state.isClosed
        }
        engine.whenEnded { [self] in ended(id, thread: nil) }
        guard isClosed else { return engine }
        // The context was closed meanwhile, and did not see this socket.
        engine.close(isTermination: true)
        throw SocketError(.terminated, "the context is closed")
    }

    /// The thread for a new socket, which counts as live from here on: closing waits for it.
    private func ioThread(affinity: UInt64) throws(SocketError) -> (IOThread, Int) {
        try state.withLock { state throws(SocketError) in
            if state.isClosed { throw SocketError(.terminated, "the context is closed") }
            guard state.liveCount < options.maximumSockets else {
                throw SocketError(
                    .tooManyDescriptors,
                    "the context has \(state.liveCount) sockets, and may have no more",
                    errno: EMFILE)
            }
            try makeThreads(&state)
            // Where none is allowed, of all.
            let index = state.leastLoaded(affinity) ?? state.leastLoaded(0) ?? 0
            state.loads[index] += 1
            state.liveCount += 1
            return (state.ioThreads[index], index)
        }
    }

    /// Hands a socket that has no endpoints yet over to a thread of `affinity`, if it has another one. A
    /// socket with endpoints stays where it is.
    ///
    /// - Returns: false when the context has no such thread.
    package func move(_ engine: SocketEngine, to affinity: UInt64) throws(SocketError) -> Bool {
        let id = ObjectIdentifier(engine)
        let (from, to, thread) = state.withLock { state in
            let from = state.threads[id]
            let isThere = from.map { State.allows(affinity, $0) } ?? false
            let to = isThere ? from : state.leastLoaded(affinity)
            return (from, to, to.map { state.ioThreads[$0] })
        }
        guard let from, let to, let thread else { return false }
        guard from != to, try engine.move(to: thread) else { return true }
        state.withLock { state in
            state.loads[from] -= 1
            state.loads[to] += 1
            state.threads[id] = to
        }
        return true
    }

    private func makeThreads(_ state: inout State) throws(SocketError) {
        while state.ioThreads.count < options.ioThreads {
            state.ioThreads.append(
                try IOThread(settings: options.threads, name: "mc-io-\(state.ioThreads.count)"))
            state.loads.append(0)
        }
    }

    /// A thread for who waits without a socket.
    func helper() throws(SocketError) -> IOThread {
        let thread = try state.withLock { state throws(SocketError) in
            if state.isClosed { throw SocketError(.terminated, "the context is closed") }
            try makeThreads(&state)
            return state.ioThreads[0]
        }
        try thread.start()
        return thread
    }

    /// A socket has ended, or (nil) did not come to be on the thread that was meant for it.
    private func ended(_ id: ObjectIdentifier?, thread index: Int?) {
        let waiters = state.withLock { state in
            if let id { state.engines[id] = nil }
            state.liveCount -= 1
            if let index = index ?? id.flatMap({ state.threads.removeValue(forKey: $0) }) {
                state.loads[index] -= 1
            }
            guard state.liveCount == 0 else { return [Waiter]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake() }
    }

    /// Closes every socket of the context and returns when all that was sent has left, or its
    /// LINGER has passed. Whoever waits in a socket gets `terminated`; sockets cannot be made any
    /// more. Not to be called from a callback.
    public func close() {
        closeSockets()
        waitForSockets()
        // What was sent to a name that nobody has bound has nobody to wait for.
        inproc.withdrawAll()
        state.withLock { for thread in $0.ioThreads { thread.stop() } }
    }

    /// The first half of `close`: nobody can use the sockets any more, and no more can be made.
    package func closeSockets() {
        let engines = state.withLock { state in
            state.isClosed = true
            return state.engines.values.compactMap(\.engine)
        }
        for engine in engines { engine.close(isTermination: true) }
    }

    /// Waits until every socket that was closed has ended.
    private func waitForSockets() {
        let waiter = Waiter()
        let mustWait = state.withLock { state in
            guard state.liveCount > 0 else { return false }
            state.waiters.append(waiter)
            return true
        }
        if mustWait { _ = waiter.sleep(until: nil) }
    }

    /// At exit: sockets that are still open are dropped, those that were closed may finish.
    fileprivate func finishAtExit() {
        let engines = state.withLock { state in
            state.isClosed = true
            return state.engines.values.compactMap(\.engine)
        }
        guard !engines.isEmpty else { return }
        for engine in engines { engine.abandonIfOpen() }
        waitForSockets()
    }
}

/// Lets closed sockets finish when the process exits: "sent, closed, exited" delivers.
private enum ExitHook {
    private struct Entry {
        weak var context: Context?
    }

    private static let contexts = Locked<[Entry]?>(nil)

    static func install(_ context: Context) {
        let isFirst = contexts.withLock { contexts in
            defer {
                contexts = (contexts ?? []).filter { $0.context != nil }
                contexts?.append(Entry(context: context))
            }
            return contexts == nil
        }
        if isFirst { atexit { ExitHook.run() } }
    }

    private static func run() {
        let live = contexts.withLock { $0?.compactMap(\.context) ?? [] }
        for context in live { context.finishAtExit() }
    }
}
