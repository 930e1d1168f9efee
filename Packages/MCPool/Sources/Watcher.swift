import CMCLinux
import MCLock
import Synchronization

/// What a thread sleeps on that polls several sockets: a descriptor that any of them makes readable.
///
/// - Thread rule: `raise` is for any thread; the rest for the one that polls.
final class Watcher: Sendable {
    let descriptor: Int32
    private let isRaised = Atomic<Bool>(false)

    private init?() {
        descriptor = cmc_eventfd()
        if descriptor < 0 { return nil }
    }

    deinit { cmc_close(descriptor) }

    /// Wakes the thread, or lets it not fall asleep.
    func raise() {
        if !isRaised.exchange(true, ordering: .acquiringAndReleasing) {
            cmc_eventfd_signal(descriptor)
        }
    }

    /// The descriptor was found readable, and the thread is about to look at its sockets. The flag comes
    /// second: who raises in between finds it set and does not signal, and the look finds what was to be
    /// told.
    func clear() {
        cmc_eventfd_clear(descriptor)
        isRaised.store(false, ordering: .releasing)
    }

    // MARK: Used again, because making one and closing it are two system calls

    private static let spare = Locked<[Watcher]>([])
    private static let mostSpare = 16

    /// - Throws: when the process has no descriptors left.
    static func take() throws(SocketError) -> Watcher {
        if let watcher = spare.withLock({ $0.popLast() }) { return watcher }
        guard let made = Watcher() else {
            throw SocketError(.tooManyDescriptors, "no descriptor left for polling")
        }
        return made
    }

    /// No socket knows it any more. It may be raised still, which costs the next one a look.
    func giveBack() {
        Watcher.spare.withLock { if $0.count < Watcher.mostSpare { $0.append(self) } }
    }
}
