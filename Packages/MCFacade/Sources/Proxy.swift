import MCLock
import MCMemory
public import MCPool
import MCQueue

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
public final class Proxy: Sendable {
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

    private struct State {
        var isPaused = false
        var isStopped = false
        var isRunning = false
        var waiters: [Waiter] = []
        var statistics = [Statistics(), Statistics()]
    }

    private let lanes: [Lane]
    private let capture: (any SendingSocket)?
    private let state = Locked<State>(State())

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

    /// Passes nothing on until `resume`; what has been received by then waits.
    public func pause() { state.withLock { $0.isPaused = true } }

    public func resume() {
        wake { $0.isPaused = false }
    }

    /// Ends `run`. A proxy that was stopped does not run again.
    public func stop() {
        wake { $0.isStopped = true }
    }

    /// What came from the frontend, and what from the backend.
    public var statistics: (fromFrontend: Statistics, fromBackend: Statistics) {
        state.withLock { ($0.statistics[0], $0.statistics[1]) }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake() }
    }

    // MARK: Running

    /// Passes messages on until `stop`, or until a socket is closed.
    ///
    /// - Throws: `closed` or `terminated` when a socket is, `cancelled` when the task is, `timedOut` when
    ///   a socket has a SNDTIMEO and it passed, `invalidState` when the proxy runs already.
    public func run() async throws(SocketError) {
        let mayRun = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mayRun else { throw SocketError(.invalidState, "the proxy runs already") }
        defer { state.withLock { $0.isRunning = false } }
        let result = await withTaskGroup(of: SocketError?.self) { group in
            for lane in lanes {
                group.addTask {
                    do throws(SocketError) {
                        try await self.forward(lane)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            group.addTask {
                await self.changed(to: { $0.isStopped })
                return nil
            }
            // Whoever ends first ends all.
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let result { throw result }
        if Task.isCancelled { throw SocketError(.cancelled, "the proxy's task was cancelled") }
    }

    /// As `run`, for a thread of one's own, which waits meanwhile.
    public func runBlocking() throws(SocketError) {
        let done = Waiter()
        let result = Locked<SocketError?>(nil)
        Task.detached {
            do throws(SocketError) {
                try await self.run()
            } catch {
                result.withLock { $0 = error }
            }
            done.wake()
        }
        _ = done.sleep(until: nil)
        if let error = result.withLock({ $0 }) { throw error }
    }

    private func forward(_ lane: Lane) async throws(SocketError) {
        while true {
            let message: Message
            do throws(SocketError) {
                message = try await lane.source.receive()
            } catch {
                // RCVTIMEO is for those who wait for an answer.
                if error.code == .timedOut || error.code == .wouldBlock { continue }
                throw error
            }
            if state.withLock({ $0.isPaused }) {
                await changed(to: { !$0.isPaused || $0.isStopped })
                if Task.isCancelled || state.withLock({ $0.isStopped }) { return }
            }
            let bytes = message.totalBytes
            if let capture { try await capture.send(message.copy()) }
            do throws(SocketError) {
                try await lane.target.send(message)
            } catch {
                // A ROUTER that must know its peers: this one is gone.
                if error.code == .hostUnreachable { continue }
                throw error
            }
            state.withLock { state in
                state.statistics[lane.index].messages += 1
                state.statistics[lane.index].bytes += bytes
            }
        }
    }

    /// Suspends until the state is so, or the task is cancelled.
    private func changed(to isSo: @escaping @Sendable (State) -> Bool) async {
        while !Task.isCancelled, !state.withLock({ isSo($0) }) {
            _ = await withTaskCancellationHandler {
                unsafe await withUnsafeContinuation { continuation in
                    let waiter = unsafe Waiter(continuation)
                    let isWaiting = state.withLock { state in
                        if isSo(state) || Task.isCancelled { return false }
                        state.waiters.append(waiter)
                        return true
                    }
                    if !isWaiting { waiter.wake() }
                }
            } onCancel: {
                // All look again.
                wake { _ in }
            }
        }
    }
}
