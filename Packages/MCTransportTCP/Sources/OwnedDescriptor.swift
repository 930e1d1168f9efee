import CMCLinux
import Synchronization

/// The one owner of a descriptor: closes it once, by ``close()`` or at the end of its life.
///
/// Threads: ``number`` and ``release()`` are atomic, so that two closers never close the same
/// number twice. Using a number while another thread closes it is the user's race to prevent.
struct OwnedDescriptor: ~Copyable, Sendable {
    private let word: Atomic<Int32>

    /// Takes ownership of an open descriptor.
    init(owning descriptor: Int32) {
        assert(descriptor >= 0)
        word = Atomic(descriptor)
    }

    /// The descriptor, -1 when closed.
    var number: Int32 { word.load(ordering: .relaxed) }

    /// Gives the descriptor up to the caller, once; nil when somebody had it before.
    func release() -> Int32? {
        let number = word.exchange(-1, ordering: .acquiringAndReleasing)
        return number >= 0 ? number : nil
    }

    func close() {
        if let number = release() { cmc_close(number) }
    }

    deinit { close() }
}
