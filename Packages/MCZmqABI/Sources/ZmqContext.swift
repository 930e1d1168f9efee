import CMCZmq
import Glibc
import MCFacade
import MCLock
import MCPool
import MCQueue

/// A context of the C interface: settings until the first socket is made, the facade's context then.
final class ZmqContext: HandleObject, @unchecked Sendable {
    static var handleKind: Int32 { Int32(CMC_HANDLE_CONTEXT) }

    struct Settings {
        var ioThreads: Int32 = 1
        var maximumSockets: Int32 = 1023
        var schedulingPolicy: Int32 = -1
        var priority: Int32 = -1
        var maximumMessageBytes = Int32.max
        var namePrefix: OptionText?
        var processors: Set<Int> = []
        var isBlocky = true
        var ipv6 = false
        var zeroCopyReceive = true
    }

    private struct State {
        var settings = Settings()
        var context: Context?
        /// How many threads the user has asked for; there is one in any case.
        var ioThreads: Int32 = 1
        var isShutDown = false
        /// Sockets whose handles are open.
        var openSockets = 0
        var waiters: [Waiter] = []
    }

    private let state = Locked<State>(State())
    /// Calls of a child of the process that made the context find nothing that works.
    private let forkCount = cmc_fork_count()

    var isInherited: Bool { forkCount != cmc_fork_count() }

    func settings<Failure: Error>(
        _ body: (inout Settings) throws(Failure) -> Void
    ) throws(Failure) {
        try state.withLock { state throws(Failure) in try body(&state.settings) }
    }

    var settings: Settings { state.withLock { $0.settings } }

    // MARK: Sockets

    /// Makes a socket, which the caller gives a handle and reports with `socketClosed`.
    func makeSocket(type: Int32) throws(Errno) -> ZmqSocket {
        guard !isInherited else { throw .terminated }
        let (context, settings) = try state.withLock { state throws(Errno) in
            guard !state.isShutDown else { throw .terminated }
            let context: Context
            if let started = state.context {
                context = started
            } else {
                context = ZmqContext.start(state.settings)
                state.context = context
                state.ioThreads = state.settings.ioThreads
            }
            state.openSockets += 1
            return (context, state.settings)
        }
        do throws(Errno) {
            return try ZmqSocket(type: type, context: self, facade: context, settings: settings)
        } catch {
            socketClosed()
            throw error
        }
    }

    /// Finds the I/O thread for a new endpoint of a socket's: one that ZMQ_AFFINITY allows.
    ///
    /// - Throws: EMTHREAD, as libzmq, where there is none.
    func findThread(for socket: ZmqSocket) throws(Errno) {
        let affinity = socket.engine.getOptions().affinity
        let (context, count) = state.withLock { ($0.context, $0.ioThreads) }
        guard count > 0, let context else { throw .noThread }
        guard affinity != 0 else { return }
        let isFound = try engineCall { () throws(SocketError) in
            try context.move(socket.engine, to: affinity)
        }
        if !isFound { throw .noThread }
    }

    /// For the library's own use: the user does not close it.
    func makeInternalEngine(_ pattern: any Pattern) throws(Errno) -> SocketEngine {
        guard let context = state.withLock({ $0.context }) else { throw .terminated }
        return try engineCall { () throws(SocketError) in
            var options = EngineOptions()
            options.lingerMilliseconds = 0
            return try context.makeEngine(pattern, options: options)
        }
    }

    private static func start(_ settings: Settings) -> Context {
        var options = ContextOptions()
        options.ioThreads = max(1, Int(settings.ioThreads))
        options.maximumSockets = Int(settings.maximumSockets)
        options.threads.processors = settings.processors
        options.threads.schedulingPolicy = Int(settings.schedulingPolicy)
        options.threads.priority = Int(settings.priority)
        options.threads.namePrefix = settings.namePrefix?.text ?? ""
        // As libzmq: what a process leaves behind that did not terminate its context is lost.
        return Context(options: options, finishesAtExit: false)
    }

    func socketClosed() {
        let waiters = state.withLock { state in
            state.openSockets -= 1
            guard state.openSockets == 0 else { return [Waiter]() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake() }
    }

    // MARK: The end

    /// Whoever waits in a socket gets ETERM, and so does every later call.
    func shutDown() {
        guard !isInherited else { return }
        let context = state.withLock { state in
            state.isShutDown = true
            return state.context
        }
        context?.closeSockets()
    }

    /// Waits until the user has closed all sockets, and they have sent what they had to.
    ///
    /// - Throws: EINTR; the call may be made again.
    func terminate() throws(Errno) {
        // In the child of a fork there is nobody to wait for.
        guard !isInherited else { return }
        shutDown()
        let waiter = Waiter()
        let mustWait = state.withLock { state in
            guard state.openSockets > 0 else { return false }
            state.waiters.append(waiter)
            return true
        }
        if mustWait {
            var interrupted: Bool? = false
            if !waiter.sleep(until: nil, interrupted: &interrupted) {
                let isStillThere = state.withLock { state in
                    guard let index = state.waiters.firstIndex(where: { $0 === waiter }) else {
                        return false
                    }
                    state.waiters.remove(at: index)
                    return true
                }
                if isStillThere { throw Errno(EINTR) }
            }
        }
        state.withLock { $0.context }?.close()
    }
}
