import MCLock
import MCMemory
public import MCPool

/// Passes messages on between two sockets, both ways, until it is stopped: the shared queue (ROUTER and
/// DEALER), the forwarder (XSUB and XPUB), the streamer (PULL and PUSH) of the Guide (zmq_proxy(3)).
///
/// A message goes on whole, and waits for room where its receiver has none, so that high-water marks
/// hold through the proxy. A third socket may get a copy of everything.
///
/// ```swift
/// let proxy = Proxy(between: frontend, and: backend)
/// try await proxy.run()          // or proxy.runBlocking() on a thread of its own
/// ```
///
/// - Thread rule: any thread may steer it. The sockets must not be received from by others meanwhile.
/// - Ownership: keeps its sockets, and does not close them.
public final class Proxy: Sendable, SteeredWork {
    /// What has been passed on.
    public struct Statistics: Sendable, Equatable {
        public var messages = 0
        public var bytes = 0
    }

    private struct Lane: Sendable {
        let source: any ReceivingSocket
        let target: any SendingSocket
        let index: Int
    }

    private let lanes: [Lane]
    private let capture: (any SendingSocket)?
    private let steering = Steering(of: "proxy", whenShutDown: { $0.isStopped = true })
    private let counts = Locked([Statistics(), Statistics()])

    /// Both ways.
    public init(
        between frontend: any SendingSocket & ReceivingSocket,
        and backend: any SendingSocket & ReceivingSocket, capture: (any SendingSocket)? = nil
    ) {
        lanes = [
            Lane(source: frontend, target: backend, index: 0),
            Lane(source: backend, target: frontend, index: 1),
        ]
        self.capture = capture
    }

    /// One way.
    public init(
        from frontend: any ReceivingSocket, to backend: any SendingSocket,
        capture: (any SendingSocket)? = nil
    ) {
        lanes = [Lane(source: frontend, target: backend, index: 0)]
        self.capture = capture
    }

    // MARK: Steering

    /// Passes nothing on until `resume`. A message that comes while its way is being paused waits.
    public func pause() { steering.change { $0.isPaused = true } }

    public func resume() { steering.change { $0.isPaused = false } }

    /// Ends `run`. A proxy that was stopped does not run again.
    public func stop() { steering.change { $0.isStopped = true } }

    /// What came from the frontend, and what from the backend.
    public var statistics: (fromFrontend: Statistics, fromBackend: Statistics) {
        counts.withLock { ($0[0], $0[1]) }
    }

    // MARK: Running

    /// Passes messages on until `stop`, or until a socket is closed. In a service group (with the package
    /// trait `ServiceLifecycle`), a graceful shutdown stops it.
    ///
    /// - Throws: `closed` or `terminated` when a socket is, `cancelled` when the task is, `timedOut` when
    ///   a socket has a SNDTIMEO and it passed, `invalidState` when the proxy runs already.
    public func run() async throws(SocketError) {
        try steering.begin()
        defer { steering.end() }
        try await steering.run(lanes.map { Forwarding(proxy: self, lane: $0) })
    }

    /// As `run`, for a thread of one's own, which waits meanwhile.
    public func runBlocking() throws(SocketError) {
        try Steering.runBlocking(self)
    }

    private struct Forwarding: SteeredWork {
        let proxy: Proxy
        let lane: Lane

        func run() async throws(SocketError) { try await proxy.forward(lane) }
    }

    /// How many messages go on before other tasks have their turn.
    private static let messagesPerTurn = 256

    private func forward(_ lane: Lane) async throws(SocketError) {
        var sinceYield = 0
        while !hasEnded {
            // Paused or not: who waits here learns of a socket that is closed. RCVTIMEO is for those who
            // wait for an answer.
            let message = try await lane.source.engine.receiveAsync(timesOut: false)
            let goesOn = await mayGoOn()
            if let capture { try await pass(message, to: capture, waits: goesOn) }
            try await pass(message, to: lane.target, waits: goesOn)
            let bytes = message.totalBytes
            counts.withLock { counts in
                counts[lane.index].messages += 1
                counts[lane.index].bytes += bytes
            }
            sinceYield += 1
            if sinceYield == Proxy.messagesPerTurn {
                sinceYield = 0
                await Task.yield()
            }
        }
    }

    /// Waits while the proxy is paused.
    ///
    /// - Returns: false when it was stopped, or its task was cancelled.
    private func mayGoOn() async -> Bool {
        if steering.read({ $0.isPaused && !$0.isStopped }) {
            await steering.changed(to: { !$0.isPaused || $0.isStopped })
        }
        return !hasEnded
    }

    private var hasEnded: Bool { Task.isCancelled || steering.read { $0.isStopped } }

    /// Sends a message that was received. When the proxy ends meanwhile it goes if there is room for it
    /// at once.
    private func pass(
        _ message: borrowing Message, to target: any SendingSocket, waits: Bool
    ) async throws(SocketError) {
        do throws(SocketError) {
            try target.send(message, .dontWait)
        } catch {
            switch error.code {
            // A ROUTER's peer is gone, or the message names none: libzmq's drops it, too.
            case .hostUnreachable, .invalidMessage: return
            case .wouldBlock where waits: break
            default: throw error
            }
            let copy = message.copy()
            do throws(SocketError) {
                try await target.send(copy)
            } catch {
                guard error.code == .cancelled else { throw error }
                try target.send(message, .dontWait)
            }
        }
    }
}
