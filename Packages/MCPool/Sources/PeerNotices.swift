/// What a socket's user is told of peers that come and go, by an empty message behind the peer's routing
/// id (ZMQ_ROUTER_NOTIFY, ZMQ_STREAM_NOTIFY). Peers in the process are not told of.
public struct PeerNotices: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A peer is there, and can be sent to (ZMQ_NOTIFY_CONNECT).
    public static let connected = PeerNotices(rawValue: 1)
    /// A peer has gone; all that it has sent comes before (ZMQ_NOTIFY_DISCONNECT).
    public static let disconnected = PeerNotices(rawValue: 2)
}
