import MCLock
import MCPool
import MCQueue

/// Something that is done in a task.
protocol SteeredWork: Sendable {
    func run() async throws(SocketError)
}

/// What something that runs in tasks can be told meanwhile, for proxies and brokers: to pause, to take
/// nothing new, to stop.
///
/// - Thread rule: any thread.
final class Steering: Sendable {
    struct State {
        var isPaused = false
        /// What is under way may end, and nothing is begun.
        var isFinishing = false
        var isStopped = false
        fileprivate var isRunning = false
        fileprivate var waiters: [Waiter] = []
    }

    private let state = Locked<State>(State())
    /// What runs, for errors.
    private let name: String
    /// What a graceful shutdown of the service group changes, where there is one.
    private let shutDown: @Sendable (inout State) -> Void

    init(of name: String, whenShutDown shutDown: @escaping @Sendable (inout State) -> Void) {
        self.name = name
        self.shutDown = shutDown
    }

    func read<Result>(_ body: (State) -> Result) -> Result { state.withLock { body($0) } }

    /// Changes the state, and has all who wait for a change look again.
    func change(_ change: (inout State) -> Void) {
        let waiters = state.withLock { state in
            change(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.wake() }
    }

    /// Suspends until the state is so, or the task is cancelled.
    func changed(to isSo: @escaping @Sendable (State) -> Bool) async {
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
                change { _ in }
            }
        }
    }

    /// Does all the work at once, until one piece of it ends or the state says so.
    ///
    /// - Throws: what the piece throws that ends first, and `cancelled` when the task is.
    func run(
        _ all: [any SteeredWork],
        until isOver: @escaping @Sendable (State) -> Bool = { $0.isStopped }
    ) async throws(SocketError) {
        let result = await untilShutDown {
            self.change(self.shutDown)
        } operation: {
            await first(of: all, until: isOver)
        }
        if let result { throw result }
        if Task.isCancelled { throw SocketError(.cancelled, "the \(name)'s task was cancelled") }
    }

    /// - Returns: the error of the piece of work that ends first, if it ends in one.
    private func first(
        of all: [any SteeredWork], until isOver: @escaping @Sendable (State) -> Bool
    ) async -> SocketError? {
        await withTaskGroup(of: SocketError?.self) { group in
            for work in all {
                group.addTask {
                    do throws(SocketError) {
                        try await work.run()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            group.addTask {
                await self.changed(to: isOver)
                return nil
            }
            // Whoever ends first ends all.
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// To be called before `run`, and `end` after it.
    ///
    /// - Throws: `invalidState` when it runs already, or was stopped.
    func begin() throws(SocketError) {
        let mayRun = state.withLock { state in
            if state.isRunning || state.isStopped { return false }
            state.isRunning = true
            return true
        }
        guard mayRun else {
            throw SocketError(.invalidState, "the \(name) runs already, or was stopped")
        }
    }

    func end() { state.withLock { $0.isRunning = false } }

    /// Does the work in a task, and waits for it with the calling thread.
    static func runBlocking(_ work: any SteeredWork) throws(SocketError) {
        let done = Waiter()
        let result = Locked<SocketError?>(nil)
        Task.detached {
            do throws(SocketError) {
                try await work.run()
            } catch {
                result.withLock { $0 = error }
            }
            done.wake()
        }
        _ = done.sleep(until: nil)
        if let error = result.withLock({ $0 }) { throw error }
    }
}
