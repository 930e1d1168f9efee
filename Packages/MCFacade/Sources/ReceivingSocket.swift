public import MCMemory
public import MCPool

/// A socket that can receive, in one of three ways: polling (`receive()`, `tryReceive()`), by
/// callback (`onMessage`), or in tasks (`await receive()`, `messages`). The first that is used is
/// the socket's; another throws `mixedReceiveStyles`.
public protocol ReceivingSocket: Socket {}

extension ReceivingSocket {
    // MARK: Polling

    /// Takes the next message; blocks the calling thread for up to RCVTIMEO.
    ///
    /// - Throws: `timedOut` (or `wouldBlock` when RCVTIMEO is 0), `closed`, `terminated`,
    ///   `invalidState`, `mixedReceiveStyles`.
    @inlinable
    @inline(__always)
    public func receive() throws(SocketError) -> Message {
        var message = Message()
        try engine.receive(into: &message, waits: true)
        return message
    }

    /// As `receive()`, but into a message that is there, whose frames go: for loops, which need not
    /// make a message each time. When it throws, `message` has its old frames or none.
    @inlinable
    @inline(__always)
    public func receive(into message: inout Message) throws(SocketError) {
        try engine.receive(into: &message, waits: true)
    }

    /// Takes the next message if one is there; nil when none is (ZMQ_DONTWAIT).
    ///
    /// - Throws: as `receive()`, without `timedOut` and `wouldBlock`.
    public func tryReceive() throws(SocketError) -> Message? {
        do throws(SocketError) {
            var message = Message()
            try engine.receive(into: &message, waits: false)
            return message
        } catch {
            if error.code == .wouldBlock { return nil }
            throw error
        }
    }

    // MARK: Tasks

    /// Takes the next message; suspends for up to RCVTIMEO while there is none.
    ///
    /// - Throws: as the blocking form, and `cancelled` when the task is; no message is lost then.
    @inlinable
    public func receive() async throws(SocketError) -> Message {
        var message = Message()
        if try engine.takeForTask(into: &message) { return message }
        return try await engine.receiveAsync()
    }

    /// The messages as they come, until the socket or its context is closed, or the task is
    /// cancelled; with RCVTIMEO set, a pause longer than it throws `timedOut`.
    public var messages: MessageSequence { MessageSequence(engine: engine) }

    // MARK: Callback

    /// Has `body` called with each message, on the context's I/O thread, one at a time.
    ///
    /// `body` must not block: while it runs, nothing else of the context is dialled, accepted or
    /// flushed. It may send, on this socket or another, and may stop or close the socket.
    ///
    /// - Throws: `mixedReceiveStyles`, `closed`.
    public func onMessage(
        _ body: @escaping @Sendable (borrowing Message) -> Void
    ) throws(SocketError) {
        try engine.setCallback(body)
    }

    /// Ends the callback; the socket may be received from in another way afterwards. A call that
    /// is under way may still be running when this returns.
    public func stopMessages() throws(SocketError) { try engine.setCallback(nil) }
}

/// The messages of a socket, for `for try await`.
public struct MessageSequence: AsyncSequence, Sendable {
    public typealias Element = ReceivedMessage
    public typealias Failure = SocketError

    @usableFromInline let engine: SocketEngine

    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(engine: engine) }

    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let engine: SocketEngine
        /// What was returned last: it is used again when the caller has not kept it.
        @usableFromInline var last: ReceivedMessage?

        @usableFromInline
        init(engine: SocketEngine) { self.engine = engine }

        @inlinable
        public mutating func next() async throws(SocketError) -> ReceivedMessage? {
            try await next(isolation: nil)
        }

        @inlinable
        @inline(__always)
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(SocketError) -> ReceivedMessage? {
            if last == nil || !isKnownUniquelyReferenced(&last) { last = ReceivedMessage() }
            guard let message = last else { return nil }
            do throws(SocketError) {
                // Safe because nobody else has the message yet.
                if unsafe try !engine.takeForTask(into: &message.storage) {
                    unsafe message.storage = try await engine.receiveAsync()
                }
                return message
            } catch {
                switch error.code {
                case .closed, .terminated, .cancelled: return nil
                default: throw error
                }
            }
        }
    }
}

/// A message that can be copied and shared: what asynchronous sequences need their elements to be.
public final class ReceivedMessage: @unchecked Sendable {
    // Changed only by the sequence's iterator, and only while nobody else has a reference.
    @exclusivity(unchecked)
    @usableFromInline var storage = Message()

    @usableFromInline init() {}

    /// The message itself; read it in place.
    public var message: Message {
        @inlinable
        _read { yield unsafe storage }
    }

    /// Number of frames.
    public var count: Int { message.count }

    /// A copy of the payload of frame `index`.
    public func bytes(_ index: Int = 0) -> [UInt8] { message.bytes(index) }

    /// The payload of frame `index` as text, nil when it is not UTF-8.
    public func string(_ index: Int = 0) -> String? { message.string(index) }

    /// Copies of all payloads, in order.
    public var parts: [[UInt8]] { message.parts }
}
