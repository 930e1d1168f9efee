import CMCLinux
import Glibc
import Synchronization

/// Why a waiter goes on.
package enum WakeReason: Sendable {
    /// What it waits for may be there now: look again.
    case signalled
    case timedOut
    case cancelled
}

/// A thread or a task that sleeps until a socket's state changes.
///
/// Whoever takes a waiter off its list, under the list's lock, owns the right to wake it and must
/// do so exactly once; waking happens after the lock is let go.
///
/// - Ownership: made for one sleep, then thrown away.
@safe
package final class Waiter: @unchecked Sendable {
    @safe
    private enum Kind {
        case thread
        case task(UnsafeContinuation<WakeReason, Never>)
    }

    private let kind: Kind
    private let word: UnsafeMutablePointer<Atomic<UInt32>>?
    /// When a task is to be woken in any case; nanoseconds of the monotonic clock.
    fileprivate let deadline: UInt64?

    /// A waiter for the calling thread, to be followed by `sleep`.
    package init() {
        kind = .thread
        let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        unsafe word.initialize(to: Atomic(0))
        unsafe self.word = word
        deadline = nil
    }

    /// A waiter for a suspended task, whose list is asked for those whose `deadline` has passed.
    package init(
        _ continuation: UnsafeContinuation<WakeReason, Never>, until deadline: UInt64? = nil
    ) {
        kind = unsafe .task(continuation)
        unsafe word = nil
        self.deadline = deadline
    }

    deinit {
        guard let word = unsafe word else { return }
        unsafe word.deinitialize(count: 1)
        unsafe word.deallocate()
    }

    /// Ends the sleep. Call it once.
    package func wake(_ reason: WakeReason = .signalled) {
        switch kind {
        case .thread:
            guard let word = unsafe word else { return }
            unsafe word.pointee.store(1, ordering: .releasing)
            unsafe cmc_futex_wake(
                UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self), 1)
        case .task(let continuation):
            unsafe continuation.resume(returning: reason)
        }
    }

    /// Sleeps until `wake`, or until `deadline` (nanoseconds of the monotonic clock, nil for ever).
    ///
    /// - Returns: false when the deadline passed first; the caller then takes itself off the list,
    ///   and when it is no longer there, a wake is under way and counts.
    ///   A signal ends the sleep as the deadline does, when the caller says where to note that.
    package func sleep(until deadline: UInt64?, interrupted: inout Bool?) -> Bool {
        guard let word = unsafe word else { return true }
        let raw = unsafe UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self)
        while unsafe word.pointee.load(ordering: .acquiring) == 0 {
            // With a timeout every signal is noticed, see `cmc_futex_wait`.
            var timeout: Int64 = interrupted == nil ? -1 : Waiter.longSleep
            if let deadline {
                let now = cmc_now_ns()
                if now >= deadline { return unsafe word.pointee.load(ordering: .acquiring) != 0 }
                timeout = Int64(clamping: deadline - now)
            }
            let result = unsafe cmc_futex_wait(raw, 0, timeout)
            if result == -EINTR, interrupted != nil {
                interrupted = true
                return unsafe word.pointee.load(ordering: .acquiring) != 0
            }
        }
        return true
    }

    /// As `sleep(until:interrupted:)`, whatever signals come.
    package func sleep(until deadline: UInt64?) -> Bool {
        var interrupted: Bool?
        return sleep(until: deadline, interrupted: &interrupted)
    }

    private static let longSleep: Int64 = 3_600_000_000_000
}

/// Waiters in the order in which they came. Guarded by its owner's lock.
package struct WaiterList {
    private var waiters: [Waiter] = []

    package init() {}

    package var isEmpty: Bool { waiters.isEmpty }

    package mutating func append(_ waiter: Waiter) { waiters.append(waiter) }

    /// Takes the one who has waited longest.
    package mutating func takeFirst() -> Waiter? {
        waiters.isEmpty ? nil : waiters.removeFirst()
    }

    package mutating func takeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }

    /// Takes the tasks whose deadline has passed.
    package mutating func takeLate(now: UInt64) -> [Waiter] {
        let late = waiters.filter { $0.deadline.map { $0 <= now } ?? false }
        if !late.isEmpty { waiters.removeAll { $0.deadline.map { $0 <= now } ?? false } }
        return late
    }

    /// When the next deadline of a task passes.
    package var nextDeadline: UInt64? { waiters.lazy.compactMap(\.deadline).min() }

    /// - Returns: whether the waiter was still on the list, so that nobody else wakes it.
    package mutating func remove(_ waiter: Waiter) -> Bool {
        guard let index = waiters.firstIndex(where: { $0 === waiter }) else { return false }
        waiters.remove(at: index)
        return true
    }
}
