import CMCLinux
import Glibc
import MCQueue

/// Descriptors of others that a suspended task waits for, in a set of their own: several tasks may wait
/// for one, and the I/O thread's set takes each but once.
///
/// - Thread rule: made, started and stopped by the task; the rest runs on the I/O thread.
final class DescriptorWatch: EventHandler, @unchecked Sendable {
    private let set: Int32
    private let thread: IOThread
    private let watcher: TaskWatcher
    // Only on the thread.
    private var token: UInt64 = 0

    /// - Parameter items: descriptors, with the bits of poll(2) that are wanted.
    /// - Throws: `tooManyDescriptors`, `systemError`.
    init(
        _ items: [(descriptor: Int32, wanted: Int16)], for watcher: TaskWatcher,
        on thread: IOThread
    ) throws(SocketError) {
        self.watcher = watcher
        self.thread = thread
        set = cmc_epoll_create()
        guard set >= 0 else {
            throw SocketError(
                .tooManyDescriptors, "no descriptor left for polling", errno: -set)
        }
        for (descriptor, wanted) in items {
            // The bits are the same, and an error or a hang-up always counts.
            let result = cmc_epoll_add(set, descriptor, UInt32(UInt16(bitPattern: wanted)), 0)
            guard result >= 0 else {
                throw SocketError(
                    result == -EBADF ? .invalidState : .systemError,
                    "\(descriptor) cannot be polled", errno: -result)
            }
        }
    }

    deinit { cmc_close(set) }

    /// - Returns: false when the thread has ended.
    func start() -> Bool {
        thread.post { [self] in
            token = thread.register(self, of: set)
            rewatch()
        }
    }

    func rewatch() { _ = thread.watch(set, CMC_POLL_IN, token) }

    func stop() {
        thread.post { [self] in
            thread.deregister(token, of: set)
        }
    }

    func handle(events: UInt32) {
        // Once is enough: the task looks for itself.
        _ = cmc_epoll_remove(thread.epoll, set)
        watcher.raise()?.wake()
    }

    func threadEnded() { watcher.raise()?.wake() }
}
