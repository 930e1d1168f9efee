import CMCLinux
import Synchronization

/// The one owner of a descriptor: closes it once, by ``close()`` or at the end of its life.
///
/// Code of others in the process may get a number wrong and close ours. The number is then free for
/// somebody else's file, which is not closed here: the owner knows its own.
///
/// Threads: ``number`` and ``release()`` are atomic, so that two closers never close the same
/// number twice. Using a number while another thread closes it is the user's race to prevent.
struct OwnedDescriptor: ~Copyable, Sendable {
    private let word: Atomic<Int32>
    private let identity: UInt64?

    /// Takes ownership of an open descriptor.
    init(owning descriptor: Int32) {
        assert(descriptor >= 0)
        word = Atomic(descriptor)
        identity = Self.identity(of: descriptor)
    }

    /// The descriptor, -1 when closed.
    var number: Int32 { word.load(ordering: .relaxed) }

    /// Whether the number still is the file that it was; false when closed.
    var isIntact: Bool { isOurs(number) }

    private func isOurs(_ number: Int32) -> Bool {
        number >= 0 && Self.identity(of: number) == identity
    }

    private static func identity(of descriptor: Int32) -> UInt64? {
        var identity: UInt64 = 0
        // Safe because the number is written before the call returns.
        return unsafe cmc_net_identity(descriptor, &identity) == 0 ? identity : nil
    }

    /// Gives the descriptor up to the caller, once; nil when somebody had it before.
    func release() -> Int32? {
        let number = word.exchange(-1, ordering: .acquiringAndReleasing)
        return number >= 0 ? number : nil
    }

    /// Closes what ``release()`` gave.
    func close(released number: Int32) {
        if isOurs(number) { cmc_close(number) }
    }

    func close() {
        if let number = release() { close(released: number) }
    }

    deinit { close() }
}
