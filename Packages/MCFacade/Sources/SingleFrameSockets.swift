import MCPatterns
import MCPool

// Sockets whose messages have one frame: sending one of several throws `invalidMessage`, and what peers
// send in several is dropped.

/// Sends each message of one frame to one of its peers, in turn; blocks when none has room (RFC 49).
public final class ScatterSocket: BalancingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Scatter(), context: context, options: options)
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
public final class ClientSocket: BalancingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern: Client

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        pattern = Client()
        try super.init(pattern, context: context, options: options)
    }

    /// What each new peer is sent before anything else; empty for nothing (ZMQ_HELLO_MSG). Set it before
    /// connecting and binding.
    public var helloMessage: [UInt8] {
        get { engine.access { pattern.greetings.hello } }
        set { engine.access { pattern.greetings.hello = newValue } }
    }
}
