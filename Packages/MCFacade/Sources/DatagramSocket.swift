import MCPatterns
public import MCPool

/// Sends and receives datagrams (zmq_udp(7)): a message is two frames, the other end's address
/// (`192.0.2.1:5555`, `[::1]:5555`) and the body. It is bound to one `udp://` endpoint, and connects to
/// none; connecting throws `incompatibleTransport`.
///
/// Datagrams get lost: on the way, when there is no such address, when they are too long (65,507 bytes fit
/// at most), and when nobody receives and the high-water mark is reached.
public final class DatagramSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Dgram(), context: context, options: options)
    }

    /// Sends a copy of `bytes` to an address.
    public func send(
        _ bytes: [UInt8], to address: String, _ flags: SendFlags = []
    ) throws(SocketError) {
        try send(parts: [[UInt8](address.utf8), bytes], flags)
    }

    /// Sends the UTF-8 bytes of `text` to an address.
    public func send(
        _ text: String, to address: String, _ flags: SendFlags = []
    ) throws(SocketError) {
        try send([UInt8](text.utf8), to: address, flags)
    }
}
