import CMCLinux
import MCTransport

/// Closes a link on which everything was sent. A descriptor that is closed with unread bytes makes
/// TCP reset the connection, and with it what the peer has not acknowledged yet; so what comes in
/// is read and thrown away until the peer's kernel has everything. A unix socket tells its peer of
/// the end before the peer has read what stands before it, and libzmq, when its queue is full, then
/// drops the rest; so there the peer itself must have everything.
///
/// - Thread rule: I/O thread.
enum LinkDrain {
    /// How often to look, and how many times in a row the peer may have taken nothing.
    static let intervalNanoseconds: UInt64 = 1_000_000
    static let attempts = 10_000

    /// Calls `completion` when the link is closed.
    static func drain(
        _ link: any StreamLink, on ioThread: IOThread, completion: @escaping @Sendable () -> Void
    ) {
        drain(link, on: ioThread, attempt: 0, left: .max, completion)
    }

    private static func drain(
        _ link: any StreamLink, on ioThread: IOThread, attempt: Int, left before: Int32,
        _ completion: @escaping @Sendable () -> Void
    ) {
        let left = unsent(link)
        let next = left < before ? 0 : attempt + 1
        if left == 0 || next == attempts {
            link.close()
            completion()
            return
        }
        _ = ioThread.addTimer(afterNanoseconds: intervalNanoseconds) {
            drain(link, on: ioThread, attempt: next, left: left, completion)
        }
    }

    /// Throws away what came; how many bytes are not with the peer.
    private static func unsent(_ link: any StreamLink) -> Int32 {
        let hasEnded = unsafe withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) {
            buffer in
            for _ in 0..<16 {
                switch unsafe link.read(into: buffer) {
                case .bytes: continue
                case .wouldBlock: return false
                case .end, .failed: return true
                }
            }
            return false
        }
        return hasEnded ? 0 : cmc_unacknowledged(link.descriptor)
    }
}
