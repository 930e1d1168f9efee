import CMCLinux
import MCLock
import MCQueue
import Synchronization

/// What sockets tell that their state may have changed, on behalf of somebody who waits for several.
///
/// - Thread rule: `raise` is for any thread, which may hold a socket's lock; the rest for the one that
///   polls.
protocol Watcher: AnyObject, Sendable {
    /// Ends the wait, or lets it not begin.
    ///
    /// - Returns: whom the caller must wake, when it holds no lock any more.
    func raise() -> Waiter?
}

/// For a thread: a descriptor to sleep on, which any of its sockets makes readable.
final class ThreadWatcher: Watcher {
    let descriptor: Int32
    private let isRaised = Atomic<Bool>(false)

    private init?() {
        descriptor = cmc_eventfd()
        if descriptor < 0 { return nil }
    }

    deinit { cmc_close(descriptor) }

    func raise() -> Waiter? {
        if !isRaised.exchange(true, ordering: .acquiringAndReleasing) {
            cmc_eventfd_signal(descriptor)
        }
        return nil
    }

    /// The descriptor was found readable, and the thread is about to look at its sockets. The flag comes
    /// second: who raises in between finds it set and does not signal, and the look finds what was to be
    /// told.
    func clear() {
        cmc_eventfd_clear(descriptor)
        isRaised.store(false, ordering: .releasing)
    }

    // MARK: Used again, because making one and closing it are two system calls

    private static let spare = Locked<[ThreadWatcher]>([])
    private static let mostSpare = 16

    /// - Throws: when the process has no descriptors left.
    static func take() throws(SocketError) -> ThreadWatcher {
        if let watcher = spare.withLock({ $0.popLast() }) { return watcher }
        guard let made = ThreadWatcher() else {
            throw SocketError(.tooManyDescriptors, "no descriptor left for polling")
        }
        return made
    }

    /// No socket knows it any more. It may be raised still, which costs the next one a look.
    func giveBack() {
        ThreadWatcher.spare.withLock { if $0.count < ThreadWatcher.mostSpare { $0.append(self) } }
    }
}

/// For a task: made for one suspension, ended by whoever comes first, once.
final class TaskWatcher: Watcher {
    private struct State {
        var waiter: Waiter?
        var isRaised = false
    }

    private let state = Locked<State>(State())

    /// The task is suspended from now on, and `waiter` wakes it.
    ///
    /// - Returns: false when it has been raised already: nobody else wakes the task then.
    func arm(_ waiter: Waiter) -> Bool {
        state.withLock { state in
            if !state.isRaised { state.waiter = waiter }
            return !state.isRaised
        }
    }

    func raise() -> Waiter? {
        state.withLock { state in
            state.isRaised = true
            defer { state.waiter = nil }
            return state.waiter
        }
    }
}
