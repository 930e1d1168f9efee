import Glibc
import MCPatterns
import MCPool

/// Sends each message to one of its peers, in turn; blocks when none has room (RFC 30).
public final class PushSocket: Socket, SendingSocket, @unchecked Sendable {
    private let pattern = Push()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Messages go only to peers that are connected, not to those that are still being dialled, and
    /// those that a lost one has not taken go to others (ZMQ_IMMEDIATE). Set it before connecting.
    public var queuesForConnectedOnly: Bool {
        get { engine.access { pattern.queuesForConnectedOnly } }
        set { engine.access { pattern.queuesForConnectedOnly = newValue } }
    }
}

/// Receives from all of its peers, in turn (RFC 30).
public final class PullSocket: Socket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Pull(), context: context, options: options)
    }
}

/// Sends a request, then receives its reply, in lockstep (RFC 28).
public final class ReqSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Req(seed: UInt32.random(in: 0...UInt32.max))

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// A request may be sent before the last one is answered, whose reply is then not waited for any
    /// more (ZMQ_REQ_RELAXED). A late one is taken for the new request's, unless they are correlated.
    public var isRelaxed: Bool {
        get { engine.access { pattern.isRelaxed } }
        set { engine.access { pattern.isRelaxed = newValue } }
    }

    /// Each request carries a number that its reply must bring back (ZMQ_REQ_CORRELATE). REP sockets
    /// do so by themselves.
    public var isCorrelated: Bool {
        get { engine.access { pattern.isCorrelated } }
        set { engine.access { pattern.isCorrelated = newValue } }
    }

    /// Messages go only to peers that are connected, not to those that are still being dialled, and
    /// those that a lost one has not taken go to others (ZMQ_IMMEDIATE). Set it before connecting.
    public var queuesForConnectedOnly: Bool {
        get { engine.access { pattern.queuesForConnectedOnly } }
        set { engine.access { pattern.queuesForConnectedOnly = newValue } }
    }

    /// New peers are sent an empty message, by which a ROUTER learns of this socket
    /// (ZMQ_PROBE_ROUTER).
    public var probesRouters: Bool {
        get { engine.access { pattern.probesRouters } }
        set { engine.access { pattern.probesRouters = newValue } }
    }
}

/// Receives a request, then sends the reply to whom it came from, in lockstep (RFC 28).
public final class RepSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Rep(), context: context, options: options)
    }
}

/// Talks with one peer, both ways (RFC 31).
public final class PairSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Pair(), context: context, options: options)
    }
}

/// Sends to its peers in turn and receives from all in turn, without lockstep (RFC 28). To talk to
/// a REP socket, put an empty frame in front.
public final class DealerSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Dealer()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Messages go only to peers that are connected, not to those that are still being dialled, and
    /// those that a lost one has not taken go to others (ZMQ_IMMEDIATE). Set it before connecting.
    public var queuesForConnectedOnly: Bool {
        get { engine.access { pattern.queuesForConnectedOnly } }
        set { engine.access { pattern.queuesForConnectedOnly = newValue } }
    }

    /// New peers are sent an empty message, by which a ROUTER learns of this socket
    /// (ZMQ_PROBE_ROUTER).
    public var probesRouters: Bool {
        get { engine.access { pattern.probesRouters } }
        set { engine.access { pattern.probesRouters = newValue } }
    }
}

/// Knows its peers by routing id: a received message has the sender's id as its first frame, the
/// first frame of a sent one says whom it goes to (RFC 28). What nobody can take is dropped, unless
/// sending is mandatory.
public final class RouterSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Router(seed: UInt32.random(in: 0...UInt32.max))

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Whether a peer of this routing id is connected. One that has gone may have left messages that are
    /// still to be received.
    public func isConnected(to routingID: [UInt8]) -> Bool {
        engine.access { pattern.hasPeer(routingID) }
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
}
