/// The name of a transport, as written before `://` in an endpoint.
///
/// The list is closed on purpose: a scheme that is not here is refused by name when an ``Endpoint``
/// is parsed, and never reaches a transport. A new transport adds its case here and registers an
/// implementation of ``StreamTransport`` (or a seam of its own) in the facade.
public enum Scheme: String, Sendable, Hashable, CaseIterable {
    /// TCP over IPv4 or IPv6 (zmq_tcp(7)).
    case tcp
    /// Stream sockets of the local host: a path, or an abstract `@name` (zmq_ipc(7)).
    case ipc
    /// Names within one context (zmq_inproc(7)).
    case inproc
    /// Datagrams over IPv4 or IPv6, unicast and multicast (RFC 48).
    case udp
    /// Queue pairs of an RDMA device, addressed like TCP.
    case rdma

    /// Whether the address is `host:port`.
    public var hasPort: Bool {
        switch self {
        case .tcp, .udp, .rdma: true
        case .ipc, .inproc: false
        }
    }

    /// Transports that other ZeroMQ implementations know and this one does not. They are refused
    /// by name, so that a ported program learns at once what is missing.
    static let foreign = [
        "pgm", "epgm", "norm", "tipc", "vmci", "vsock", "hvsocket", "ws", "wss", "gssapi",
    ]

    /// The transport of libzmq's RADIO, DISH and DGRAM sockets. Every libzmq has it, and tells sockets
    /// of other types that it is not for them.
    static let datagrams = "udp"
}
