public import MCMemory
import MCPatterns
public import MCPool

/// What SERVER and PEER have in common: they know their peers by numbers, which they give them when they
/// come. A received message names its sender (`Message.routingID`); one that is sent goes to a number.
///
/// All ways to send throw `hostUnreachable` where no such peer is there (any more), and `invalidMessage`
/// for a message of other than one frame; they wait while the peer has no room.
public class NumberingSocket: Socket, ReceivingSocket, @unchecked Sendable {
    private let pattern: Server

    init(_ pattern: Server, context: Context, options: SocketOptions) throws(SocketError) {
        self.pattern = pattern
        try super.init(pattern, context: context, options: options)
    }

    /// What each new peer is sent before anything else; empty for nothing (ZMQ_HELLO_MSG). Set it before
    /// connecting and binding.
    public final var helloMessage: [UInt8] {
        get { engine.access { pattern.greetings.hello } }
        set { engine.access { pattern.greetings.hello = newValue } }
    }

    /// What is received as the last message of each peer that had connected to this socket and goes;
    /// empty for nothing (ZMQ_DISCONNECT_MSG). Set it before binding.
    public final var disconnectMessage: [UInt8] {
        get { engine.access { pattern.greetings.farewell } }
        set { engine.access { pattern.greetings.farewell = newValue } }
    }

    /// Sends a message; a large payload is shared, not copied.
    public final func send(
        _ message: borrowing Message, to routingID: UInt32, _ flags: SendFlags = []
    ) throws(SocketError) {
        let engine = engine
        try unsafe withUnsafeBytes(of: routingID) { number throws(SocketError) in
            try unsafe engine.send(message, behind: number, flags)
        }
    }

    /// Sends a copy of `bytes`.
    public final func send(
        _ bytes: [UInt8], to routingID: UInt32, _ flags: SendFlags = []
    ) throws(SocketError) {
        try unsafe send(try Message(copyOf: bytes.span.bytes), to: routingID, flags)
    }

    /// Sends the UTF-8 bytes of `text`.
    public final func send(
        _ text: String, to routingID: UInt32, _ flags: SendFlags = []
    ) throws(SocketError) {
        try unsafe send(try Message(copyOf: text.utf8.span.bytes), to: routingID, flags)
    }

    /// Sends a message; suspends while the peer has no room.
    public final func send(
        _ message: consuming Message, to routingID: UInt32
    ) async throws(SocketError) {
        try message.requireSingleFrame()
        message.prepend(unsafe withUnsafeBytes(of: routingID) { unsafe Frame(copying: $0) })
        try await engine.sendAsync(message)
    }

    /// Sends a copy of `bytes`; suspends while the peer has no room.
    public final func send(_ bytes: [UInt8], to routingID: UInt32) async throws(SocketError) {
        try unsafe await send(try Message(copyOf: bytes.span.bytes), to: routingID)
    }

    /// Sends the UTF-8 bytes of `text`; suspends while the peer has no room.
    public final func send(_ text: String, to routingID: UInt32) async throws(SocketError) {
        try unsafe await send(try Message(copyOf: text.utf8.span.bytes), to: routingID)
    }
}

/// Receives messages of one frame from CLIENT peers, in turn, and sends to them by their numbers
/// (RFC 41).
public final class ServerSocket: NumberingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(
            Server(), context: context, options: options)
    }
}

/// As `ServerSocket`, with others of its kind: each end may connect, and speak first.
public final class PeerSocket: NumberingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(
            Peer(), context: context, options: options)
    }

    /// Connects as `connect` does, and tells the number of the peer that is, or will be, there: one
    /// may send to it at once.
    ///
    /// - Throws: as `connect`.
    public func connectPeer(_ endpoint: String) throws(SocketError) -> UInt32 {
        try engine.connect(endpoint).peerNumber
    }
}

extension SocketEngine {
    /// Sends a message of one frame with another in front that says whom it is for.
    func send(
        _ message: borrowing Message, behind first: UnsafeRawBufferPointer, _ flags: SendFlags
    ) throws(SocketError) {
        try message.requireSingleFrame()
        try Outgoing.withMessage(message) { message throws(SocketError) in
            try unsafe send(message.behind(first), waits: !flags.contains(.dontWait))
        }
    }
}

extension Message {
    borrowing func requireSingleFrame() throws(SocketError) {
        guard count == 1 else {
            throw SocketError(
                .invalidMessage, "a message of \(count) frames where one is all that there may be")
        }
    }
}
