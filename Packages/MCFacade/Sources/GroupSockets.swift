public import MCMemory
import MCPatterns
public import MCPool

/// Sends each message of one frame to every peer that is in its group; never waits: a peer without room
/// misses it (RFC 48). A group is any name of up to 255 bytes.
///
/// It may also connect to `udp://host:port` and to multicast groups, where every message goes, as one
/// datagram each: whoever receives there takes the groups that it wants.
///
/// All ways to send throw `invalidMessage` for a message of other than one frame, or too long a name.
public final class RadioSocket: Socket, @unchecked Sendable {
    private let pattern = Radio()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// A peer without room makes the send wait, for up to SNDTIMEO, instead of missing the message
    /// (ZMQ_XPUB_NODROP).
    public var waitsForRoom: Bool {
        get { engine.access { pattern.waitsForRoom } }
        set { engine.access { pattern.waitsForRoom = newValue } }
    }

    /// Sends a message to a group; a large payload is shared, not copied.
    public func send(
        _ message: borrowing Message, group: [UInt8], _ flags: SendFlags = []
    ) throws(SocketError) {
        let engine = engine
        try unsafe group.span.bytes.withUnsafeBytes { group throws(SocketError) in
            try unsafe engine.send(message, behind: group, flags)
        }
    }

    /// Sends a message to the group of a name; a large payload is shared, not copied.
    public func send(
        _ message: borrowing Message, group: String, _ flags: SendFlags = []
    ) throws(SocketError) {
        try send(message, group: [UInt8](group.utf8), flags)
    }

    /// Sends a copy of `bytes` to a group.
    public func send(
        _ bytes: [UInt8], group: String, _ flags: SendFlags = []
    ) throws(SocketError) {
        try unsafe send(try Message(copyOf: bytes.span.bytes), group: group, flags)
    }

    /// Sends the UTF-8 bytes of `text` to a group.
    public func send(
        _ text: String, group: String, _ flags: SendFlags = []
    ) throws(SocketError) {
        try unsafe send(try Message(copyOf: text.utf8.span.bytes), group: group, flags)
    }
}

/// Receives, from all of its peers in turn, what is sent to the groups that it has joined (RFC 48). A
/// received message has two frames: the group and the body.
///
/// It may also be bound to `udp://*:port`, or to a multicast group (`udp://239.0.0.1:5555`,
/// `udp://eth0;239.0.0.1:5555`), for what RADIO sockets send there. Datagrams get lost, also here when
/// nobody receives and the high-water mark is reached.
public final class DishSocket: Socket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Dish()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Receives the messages of a group from now on.
    ///
    /// - Throws: `invalidOption` for a name of more than 255 bytes, `invalidState` when the socket is in
    ///   the group already, `closed`.
    public func join(_ group: [UInt8]) throws(SocketError) { try change(group, joins: true) }

    /// Receives the messages of the group of a name from now on.
    public func join(_ group: String) throws(SocketError) { try join([UInt8](group.utf8)) }

    /// Receives the messages of a group no more.
    ///
    /// - Throws: `invalidState` when the socket is not in the group, `closed`.
    public func leave(_ group: [UInt8]) throws(SocketError) { try change(group, joins: false) }

    /// Receives the messages of the group of a name no more.
    public func leave(_ group: String) throws(SocketError) { try leave([UInt8](group.utf8)) }

    private func change(_ group: [UInt8], joins: Bool) throws(SocketError) {
        let pattern = pattern
        try engine.withPattern { _ throws(SocketError) in
            try pattern.change(group, joins: joins)
        }
    }
}
