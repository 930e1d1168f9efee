import CMCLinux
import MCLock
import MCQueue

/// What happens to a socket, from the moment on at which the monitor was made: a sequence of events
/// that ends with the socket, also readable by a thread that waits.
///
/// Up to `mostKept` events wait to be taken; beyond that the oldest go, and are counted.
///
/// - Thread rule: any number of threads and tasks; each event goes to one of them.
/// - Ownership: the monitor does not keep the socket open; when the monitor goes, the events go.
public final class SocketMonitor: AsyncSequence, Sendable {
    public typealias Element = SocketEvent
    public static let mostKept = 10_000

    private struct State {
        var events: [SocketEvent] = []
        /// Those before it have been taken.
        var first = 0
        var waiters = WaiterList()
        var lostCount = 0
        var isOver = false

        mutating func take() -> SocketEvent? {
            guard first < events.count else { return nil }
            let event = events[first]
            first += 1
            if first == events.count || first >= SocketMonitor.mostKept {
                events.removeFirst(first)
                first = 0
            }
            return event
        }
    }

    private let state = Locked<State>(State())

    init() {}

    /// How many events were lost because nobody took them.
    public var lostCount: Int { state.withLock { $0.lostCount } }

    func add(_ event: SocketEvent) {
        let waiter = state.withLock { state -> Waiter? in
            guard !state.isOver else { return nil }
            if state.events.count - state.first >= SocketMonitor.mostKept {
                _ = state.take()
                state.lostCount += 1
            }
            state.events.append(event)
            return state.waiters.takeFirst()
        }
        waiter?.wake()
    }

    /// The socket has ended.
    func end() {
        let waiters = state.withLock { state in
            if !state.isOver { state.events.append(SocketEvent(.monitorStopped)) }
            state.isOver = true
            return state.waiters.takeAll()
        }
        for waiter in waiters { waiter.wake() }
    }

    // MARK: Taking

    private enum Look {
        case event(SocketEvent)
        case nothing
        case over
    }

    /// Takes an event, or puts a waiter on the list.
    private func look(_ waiter: Waiter?) -> Look {
        state.withLock { state in
            if let event = state.take() {
                // More may be there for the next one.
                return .event(event)
            }
            if state.isOver { return .over }
            if let waiter { state.waiters.append(waiter) }
            return .nothing
        }
    }

    /// The next event if there is one; never waits.
    public func tryNext() -> SocketEvent? {
        guard case .event(let event) = look(nil) else { return nil }
        return event
    }

    /// The next event; blocks the thread for up to so many milliseconds, -1 for ever.
    ///
    /// - Returns: nil when none came in time, or the socket has ended and all events were taken.
    public func next(timeoutMilliseconds: Int = -1) -> SocketEvent? {
        let deadline =
            timeoutMilliseconds < 0
            ? nil
            : cmc_now_ns() + UInt64(Swift.min(timeoutMilliseconds, Int(Int32.max))) * 1_000_000
        while true {
            let waiter = Waiter()
            switch look(waiter) {
            case .event(let event): return event
            case .over: return nil
            case .nothing: break
            }
            if waiter.sleep(until: deadline) { continue }
            // When it is no longer on the list an event has come for it.
            if state.withLock({ $0.waiters.remove(waiter) }) { return tryNext() }
        }
    }

    public struct Iterator: AsyncIteratorProtocol {
        let monitor: SocketMonitor

        /// The next event; nil when the socket has ended, or the task was cancelled.
        public mutating func next() async -> SocketEvent? { await monitor.nextForTask() }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(monitor: self) }

    /// Where the cancellation handler finds the waiter.
    private final class Slot: Sendable {
        struct Content {
            var waiter: Waiter?
            var isCancelled = false
        }
        let content = Locked<Content>(Content())
    }

    private func nextForTask() async -> SocketEvent? {
        while true {
            switch look(nil) {
            case .event(let event): return event
            case .over: return nil
            case .nothing: break
            }
            let slot = Slot()
            let reason = await withTaskCancellationHandler {
                unsafe await withUnsafeContinuation { continuation in
                    park(unsafe Waiter(continuation), in: slot)
                }
            } onCancel: {
                cancel(slot)
            }
            if reason == .cancelled { return nil }
        }
    }

    private func park(_ waiter: Waiter, in slot: Slot) {
        let reason = state.withLock { state -> WakeReason? in
            if state.isOver || state.first < state.events.count { return .signalled }
            return slot.content.withLock { content in
                if content.isCancelled { return .cancelled }
                content.waiter = waiter
                state.waiters.append(waiter)
                return nil
            }
        }
        if let reason { waiter.wake(reason) }
    }

    private func cancel(_ slot: Slot) {
        let waiter = state.withLock { state in
            slot.content.withLock { content -> Waiter? in
                content.isCancelled = true
                guard let waiter = content.waiter, state.waiters.remove(waiter) else { return nil }
                return waiter
            }
        }
        waiter?.wake(.cancelled)
    }
}
