import CMCLinux
import MCTransport

/// Closes a link on which everything was sent. A descriptor that is closed with unread bytes makes
/// TCP reset the connection, and with it what the peer has not acknowledged yet; so what comes in
/// is read and thrown away until the peer's kernel has everything.
///
/// - Thread rule: I/O thread.
enum LinkDrain {
    /// How often to look, and how many times.
    static let intervalNanoseconds: UInt64 = 1_000_000
    static let attempts = 10_000

    static func drain(_ link: any StreamLink, on ioThread: IOThread, attempt: Int = 0) {
        if isDone(link) || attempt == attempts {
            link.close()
            return
        }
        _ = ioThread.addTimer(afterNanoseconds: intervalNanoseconds) {
            drain(link, on: ioThread, attempt: attempt + 1)
        }
    }

    private static func isDone(_ link: any StreamLink) -> Bool {
        let hasEnded = unsafe withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            for _ in 0..<16 {
                switch unsafe link.read(into: buffer) {
                case .bytes: continue
                case .wouldBlock: return false
                case .end, .failed: return true
                }
            }
            return false
        }
        return hasEnded || cmc_unacknowledged(link.descriptor) == 0
    }
}
