import Glibc
import MCPatterns
import MCPool

/// Sends each message to one of its peers, in turn; blocks when none has room (RFC 30).
public final class PushSocket: Socket, SendingSocket, @unchecked Sendable {
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

/// Sends each message to every peer that subscribed to it; never waits: a peer without room misses
/// it (RFC 29). The topic is the beginning of the first frame.
public final class PubSocket: Socket, SendingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Pub(), context: context, options: options)
    }
}

/// Receives, from all of its peers in turn, what it subscribed to (RFC 29). Without a subscription
/// it receives nothing.
public final class SubSocket: Socket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Sub(), context: context, options: options)
    }

    /// Receives messages that begin with `prefix` from now on; the empty prefix is in front of
    /// everything. Subscribing twice needs cancelling twice.
    public func subscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.withPattern { pattern throws(SocketError) in
            try pattern.subscribe(prefix, add: true)
        }
    }

    /// Receives messages that begin with the UTF-8 bytes of `prefix`.
    public func subscribe(_ prefix: String = "") throws(SocketError) {
        try subscribe([UInt8](prefix.utf8))
    }

    /// Takes one subscription back.
    ///
    /// - Throws: `invalidState` when there is none to this prefix.
    public func unsubscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.withPattern { pattern throws(SocketError) in
            try pattern.subscribe(prefix, add: false)
        }
    }

    /// Takes one subscription back.
    public func unsubscribe(_ prefix: String = "") throws(SocketError) {
        try unsubscribe([UInt8](prefix.utf8))
    }
}

/// Sends a request, then receives its reply, in lockstep (RFC 28).
public final class ReqSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Req(), context: context, options: options)
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
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Dealer(), context: context, options: options)
    }
}

/// Knows its peers by routing id: a received message has the sender's id as its first frame, the
/// first frame of a sent one says whom it goes to (RFC 28). What nobody can take is dropped.
public final class RouterSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(
            Router(seed: UInt32.random(in: 0...UInt32.max)), context: context, options: options)
    }
}
