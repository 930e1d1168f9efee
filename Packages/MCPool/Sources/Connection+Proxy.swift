import CMCLinux
import Glibc
import MCTransport

/// What comes before the handshake where a proxy makes the connection; all on the I/O thread. The time
/// limits are those of connecting.
extension Connection {
    /// The proxy has been reached.
    func startNegotiating() {
        guard let negotiation else { return }
        isNegotiating = true
        handshakeOutput += negotiation.start()
        writeHandshake()
        if phase == .connecting { updateInterest() }
    }

    func negotiate(_ events: UInt32) {
        if events & CMC_POLL_OUT != 0 { writeHandshake() }
        if phase == .connecting, events & ~CMC_POLL_OUT != 0 { readProxy() }
        if phase == .connecting { updateInterest() }
    }

    private func readProxy() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { buffer in
            switch unsafe link.read(into: buffer) {
            case .bytes(let count):
                unsafe negotiated(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            case .wouldBlock: break
            case .end:
                fail(
                    SocketError(
                        .systemError, "the proxy closed the connection", endpoint: link.peer,
                        errno: ECONNRESET))
            case .failed(let error):
                fail(
                    SocketError(
                        .systemError, "the proxy went away", endpoint: link.peer, errno: error))
            }
        }
    }

    private func negotiated(_ bytes: UnsafeRawBufferPointer) {
        guard var negotiation else { return }
        var output: [UInt8] = []
        let taken: Int
        do throws(TransportError) {
            taken = try unsafe negotiation.receive(bytes.bytes, output: &output)
        } catch {
            fail(SocketError(error))
            return
        }
        self.negotiation = negotiation
        handshakeOutput += output
        writeHandshake()
        guard phase == .connecting, negotiation.isDone else { return }
        self.negotiation = nil
        isNegotiating = false
        streamStands()
        // The peer may have begun, too: its bytes stand behind the proxy's.
        if phase == .handshaking, taken < bytes.count {
            unsafe received(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
        }
    }
}
