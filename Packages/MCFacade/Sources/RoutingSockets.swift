import Glibc
import MCPatterns
public import MCPool

/// Knows its peers by routing id: a received message has the sender's id as its first frame, the
/// first frame of a sent one says whom it goes to (RFC 28). What nobody can take is dropped, unless
/// sending is mandatory.
public final class RouterSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Router(seed: UInt32.random(in: 0...UInt32.max))

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Sending to a peer that is not there throws `hostUnreachable`, and waits for one that has no
    /// room (ZMQ_ROUTER_MANDATORY). The socket can send while some peer has room.
    public var isMandatory: Bool {
        get { engine.access { pattern.isMandatory } }
        set { engine.access { pattern.isMandatory = newValue } }
    }

    /// A new peer with the routing id of another takes it over, and the other one's connection ends;
    /// else the new peer is refused (ZMQ_ROUTER_HANDOVER).
    public var handsOver: Bool {
        get { engine.access { pattern.handsOver } }
        set { engine.access { pattern.handsOver = newValue } }
    }

    /// New peers are sent an empty message, by which another ROUTER learns of this socket
    /// (ZMQ_PROBE_ROUTER).
    public var probesRouters: Bool {
        get { engine.access { pattern.probesRouters } }
        set { engine.access { pattern.probesRouters = newValue } }
    }

    /// Whether a peer of this routing id is connected. One that has gone may have left messages that are
    /// still to be received.
    public func isConnected(to routingID: [UInt8]) -> Bool {
        engine.access { pattern.hasPeer(routingID) }
    }

    /// What each new peer is sent before anything else; empty for nothing (ZMQ_HELLO_MSG). Set it before
    /// connecting and binding.
    public var helloMessage: [UInt8] {
        get { engine.access { pattern.greetings.hello } }
        set { engine.access { pattern.greetings.hello = newValue } }
    }

    /// What is received as the last message of each peer that had connected to this socket and goes;
    /// empty for nothing (ZMQ_DISCONNECT_MSG). Set it before binding.
    public var disconnectMessage: [UInt8] {
        get { engine.access { pattern.greetings.farewell } }
        set { engine.access { pattern.greetings.farewell = newValue } }
    }

    /// What is received of peers that come and go from now on: an empty message behind the peer's
    /// routing id (ZMQ_ROUTER_NOTIFY). Peers in the process are not told of.
    public var peerNotices: PeerNotices {
        get { engine.access { pattern.toldOfPeers } }
        set { engine.access { pattern.toldOfPeers = newValue } }
    }

    /// Peers at endpoints that are bound or connected from now on speak no ZMTP, and are spoken to as
    /// `StreamSocket` does; their coming and going is always told (ZMQ_ROUTER_RAW).
    public var isRaw: Bool {
        get { engine.access { pattern.isRaw } }
        set { engine.access { pattern.isRaw = newValue } }
    }

    /// Connects to an endpoint whose peer is known by `peerRoutingID`, whatever it says of itself, and can
    /// be sent to at once (ZMQ_CONNECT_ROUTING_ID).
    ///
    /// - Parameter peerRoutingID: 1 to 255 bytes that do not begin with zero, and are nobody else's.
    /// - Throws: as `connect`, and `invalidOption` for an id that is none, or is in use.
    public func connect(_ endpoint: String, peerRoutingID: [UInt8]) throws(SocketError) {
        _ = try engine.connect(endpoint, peerRoutingID: peerRoutingID)
    }

    /// Whether a peer has room for a message now (zmq_socket_get_peer_state(3)).
    ///
    /// - Throws: `hostUnreachable` when there is no such peer, `closed`, `terminated`.
    public func canSend(to routingID: [UInt8]) throws(SocketError) -> Bool {
        try engine.withPattern { [pattern] _ throws(SocketError) in
            try unsafe routingID.span.bytes.withUnsafeBytes { bytes throws(SocketError) in
                try unsafe pattern.hasRoom(for: bytes)
            }
        }
    }
}

/// Speaks with programs that speak no ZMTP, in bytes, over `tcp://` and `ipc://` (zmq_socket(3),
/// ZMQ_STREAM).
///
/// A received message is the routing id of a connection and up to 8 KiB of what came there, in order;
/// nothing at all when the connection begins and when it ends. A sent one is a routing id and bytes, or
/// nothing, which closes the connection. `send` throws `hostUnreachable` for an id that is none, and waits
/// while SNDHWM messages wait for that connection.
///
/// A dialled connection keeps its id when it is lost and dialled again. What it had not sent is lost;
/// what is sent in between goes to the next one. Between two STREAM sockets of the process messages go
/// as they are, and nobody is told of connections.
public final class StreamSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Stream(seed: UInt32.random(in: 0...UInt32.max))

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Connections that begin, and end, are told of, from the next one on (ZMQ_STREAM_NOTIFY).
    public var tellsOfPeers: Bool {
        get { engine.access { pattern.tellsOfPeers } }
        set { engine.access { pattern.tellsOfPeers = newValue } }
    }

    /// The routing id that was made up last, of a dialled connection or an accepted one; empty before
    /// (ZMQ_ROUTING_ID of a STREAM).
    public var lastRoutingID: [UInt8] { engine.access { pattern.lastRoutingID } }

    /// Connects to an endpoint, and tells the routing id of the connection, to which can be sent at once.
    ///
    /// - Throws: as `connect`.
    public func openConnection(to endpoint: String) throws(SocketError) -> [UInt8] {
        try engine.connect(endpoint).routingID
    }

    /// Connects to an endpoint; the connection has a routing id of the user's choice, and can be sent to
    /// at once (ZMQ_CONNECT_ROUTING_ID).
    ///
    /// - Parameter peerRoutingID: 1 to 255 bytes that do not begin with zero, and are nobody else's.
    /// - Throws: as `connect`, and `invalidOption` for an id that is none, or is in use.
    public func connect(_ endpoint: String, peerRoutingID: [UInt8]) throws(SocketError) {
        _ = try engine.connect(endpoint, peerRoutingID: peerRoutingID)
    }

    /// Closes a connection when what was sent to it has left; where LINGER is more than 0, after that time
    /// in any case. What has come from it and was not received is dropped. Nobody is told of this end, and
    /// the endpoint is not dialled again.
    ///
    /// - Throws: `hostUnreachable` when there is none of that id.
    public func closeConnection(_ routingID: [UInt8]) throws(SocketError) {
        try send(parts: [routingID, []])
    }
}
