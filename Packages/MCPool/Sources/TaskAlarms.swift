import CMCLinux
import MCLock
import MCQueue

/// Wakes tasks that wait for several things, when their time is over.
///
/// One timer for all, at the first of their deadlines: most tasks are woken long before, and a timer
/// that must be set and taken back each time would wake the I/O thread twice.
///
/// - Thread rule: `add` and `remove` are for any thread; the rest runs on the I/O thread.
final class TaskAlarms: @unchecked Sendable {
    private struct State {
        var sleepers: [(watcher: TaskWatcher, deadline: UInt64)] = []
        /// For when the timer is set; `max` while it is not.
        var timer = UInt64.max
        var hasEnded = false
    }

    private let state = Locked<State>(State())
    // Only on the thread.
    private var timer: UInt64?

    /// Raises the watcher at a time (nanoseconds of the monotonic clock), if it is not taken back before.
    ///
    /// - Returns: false when the thread has ended.
    func add(_ watcher: TaskWatcher, at deadline: UInt64, on thread: IOThread) -> Bool {
        let (isNext, hasEnded) = state.withLock { state in
            if state.hasEnded { return (false, true) }
            state.sleepers.append((watcher, deadline))
            let isNext = deadline < state.timer
            if isNext { state.timer = deadline }
            return (isNext, false)
        }
        guard isNext else { return !hasEnded }
        return thread.post { [unowned thread] in self.start(deadline, on: thread) }
    }

    func remove(_ watcher: TaskWatcher) {
        state.withLock { state in state.sleepers.removeAll { $0.watcher === watcher } }
    }

    private func start(_ deadline: UInt64, on thread: IOThread) {
        if let timer { thread.cancelTimer(timer) }
        let now = cmc_now_ns()
        timer = thread.addTimer(afterNanoseconds: deadline > now ? deadline - now : 0) {
            [unowned thread] in
            self.ring(on: thread)
        }
    }

    private func ring(on thread: IOThread) {
        timer = nil
        let now = cmc_now_ns()
        let (late, next) = state.withLock { state in
            let late = state.sleepers.filter { $0.deadline <= now }.map(\.watcher)
            if !late.isEmpty { state.sleepers.removeAll { $0.deadline <= now } }
            let next = state.sleepers.map(\.deadline).min()
            state.timer = next ?? .max
            return (late, next)
        }
        for watcher in late { watcher.raise()?.wake(.timedOut) }
        if let next { start(next, on: thread) }
    }

    /// Nobody rings any more: all look for themselves.
    func threadEnded() {
        let all = state.withLock { state in
            state.hasEnded = true
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in all { sleeper.watcher.raise()?.wake() }
    }
}
