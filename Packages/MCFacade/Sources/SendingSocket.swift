import MCMemory
public import MCPool

/// A socket that can send.
///
/// The plain methods block the calling thread for up to SNDTIMEO while no peer has room; in a task
/// the `async` methods of the same names suspend it instead. All throw `timedOut`, `wouldBlock`,
/// `closed`, `terminated`, `invalidState` and `invalidMessage`, those that copy `outOfMemory`; the
/// message was not sent then.
///
/// From 8 KiB on a copy is made before there is a peer with room for it. Who sends large payloads
/// again and again, or to many sockets, makes a `Message` of them once.
public protocol SendingSocket: Socket {}

extension SendingSocket {
    /// Sends a message; large payloads are shared, not copied.
    public func send(_ message: borrowing Message, _ flags: SendFlags = []) throws(SocketError) {
        guard !message.isEmpty else {
            throw SocketError(.invalidMessage, "a message without frames cannot be sent")
        }
        let engine = engine
        try Outgoing.withMessage(message) { outgoing throws(SocketError) in
            try engine.send(outgoing, waits: !flags.contains(.dontWait))
        }
    }

    /// Sends one frame with a copy of `bytes`.
    @inlinable
    @inline(__always)
    public func send(
        bytes: UnsafeRawBufferPointer, _ flags: SendFlags = []
    ) throws(SocketError) {
        try unsafe engine.send(bytes: bytes, waits: !flags.contains(.dontWait))
    }

    /// Sends one frame with a copy of `bytes`.
    public func send(_ bytes: RawSpan, _ flags: SendFlags = []) throws(SocketError) {
        try unsafe bytes.withUnsafeBytes { bytes throws(SocketError) in
            try unsafe send(bytes: bytes, flags)
        }
    }

    /// Sends one frame with a copy of `bytes`.
    public func send(_ bytes: [UInt8], _ flags: SendFlags = []) throws(SocketError) {
        try unsafe send(bytes.span.bytes, flags)
    }

    /// Sends one frame with the UTF-8 bytes of `text`.
    public func send(_ text: String, _ flags: SendFlags = []) throws(SocketError) {
        try unsafe send(text.utf8.span.bytes, flags)
    }

    /// Sends a message of several frames.
    public func send(parts: [[UInt8]], _ flags: SendFlags = []) throws(SocketError) {
        try send(try Message(copyOf: parts), flags)
    }

    /// Sends a message; suspends while no peer has room.
    public func send(_ message: consuming Message) async throws(SocketError) {
        guard !message.isEmpty else {
            throw SocketError(.invalidMessage, "a message without frames cannot be sent")
        }
        try await engine.sendAsync(message)
    }

    /// Sends one frame with a copy of `bytes`; suspends while no peer has room.
    public func send(_ bytes: [UInt8]) async throws(SocketError) {
        try unsafe await send(try Message(copyOf: bytes.span.bytes))
    }

    /// Sends one frame with the UTF-8 bytes of `text`; suspends while no peer has room.
    public func send(_ text: String) async throws(SocketError) {
        try unsafe await send(try Message(copyOf: text.utf8.span.bytes))
    }

    /// Sends a message of several frames; suspends while no peer has room.
    public func send(parts: [[UInt8]]) async throws(SocketError) {
        try await send(try Message(copyOf: parts))
    }
}
