import Glibc
import MCPatterns
import MCPool

/// Sends each message to one of its peers, in turn; blocks when none has room (RFC 30).
public final class PushSocket: BalancingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Push(), context: context, options: options)
    }
}

/// Receives from all of its peers, in turn (RFC 30).
public final class PullSocket: Socket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Pull(), context: context, options: options)
    }
}

/// Sends a request, then receives its reply, in lockstep (RFC 28).
public final class ReqSocket: BalancingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern: Req

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        pattern = Req(seed: UInt32.random(in: 0...UInt32.max))
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
public final class DealerSocket: BalancingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern: Dealer

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        pattern = Dealer()
        try super.init(pattern, context: context, options: options)
    }

    /// New peers are sent an empty message, by which a ROUTER learns of this socket
    /// (ZMQ_PROBE_ROUTER).
    public var probesRouters: Bool {
        get { engine.access { pattern.probesRouters } }
        set { engine.access { pattern.probesRouters = newValue } }
    }

    /// What each new peer is sent before anything else; empty for nothing (ZMQ_HELLO_MSG). Set it before
    /// connecting and binding.
    public var helloMessage: [UInt8] {
        get { engine.access { pattern.greetings.hello } }
        set { engine.access { pattern.greetings.hello = newValue } }
    }
}
