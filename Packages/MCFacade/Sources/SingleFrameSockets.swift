import MCPatterns
import MCPool

// Sockets whose messages have one frame: sending one of several throws `invalidMessage`, and what peers
// send in several is dropped.

/// Sends each message of one frame to one of its peers, in turn; blocks when none has room (RFC 49).
public final class ScatterSocket: Socket, SendingSocket, @unchecked Sendable {
    private let pattern = Scatter()

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

/// Receives messages of one frame from all of its peers, in turn (RFC 49).
public final class GatherSocket: Socket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Gather(), context: context, options: options)
    }
}

/// Talks with one peer, both ways, in messages of one frame (RFC 52).
public final class ChannelSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Channel(), context: context, options: options)
    }
}

/// Sends messages of one frame to its servers in turn, and receives from all in turn (RFC 41).
public final class ClientSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Client()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Messages go only to peers that are connected, not to those that are still being dialled, and
    /// those that a lost one has not taken go to others (ZMQ_IMMEDIATE). Set it before connecting.
    public var queuesForConnectedOnly: Bool {
        get { engine.access { pattern.queuesForConnectedOnly } }
        set { engine.access { pattern.queuesForConnectedOnly = newValue } }
    }

    /// What each new peer is sent before anything else; empty for nothing (ZMQ_HELLO_MSG). Set it before
    /// connecting and binding.
    public var helloMessage: [UInt8] {
        get { engine.access { pattern.greetings.hello } }
        set { engine.access { pattern.greetings.hello = newValue } }
    }
}
