import MCMemory
import MCQueue
import MCTransportInproc
import Testing

@testable import MCPool

/// A pattern with pipes that have no connection: what it sends stays in them, what they receive is
/// put in by the test.
final class Bench<Kind: Pattern> {
    let pattern: Kind
    private let engine: SocketEngine
    private let thread: IOThread
    private var owners: [PipeOwner] = []

    init(_ pattern: Kind) throws {
        self.pattern = pattern
        thread = try IOThread()
        engine = try SocketEngine(
            pattern: pattern, options: EngineOptions(), ioThread: thread, transports: [:],
            inproc: InprocRegistry())
    }

    deinit {
        engine.close()
        thread.stop()
    }

    /// A pipe that the pattern does not know yet.
    func makePipe(sendHighWaterMark: Int = 1000, routingID: [UInt8] = []) -> Pipe {
        let owner = PipeOwner()
        owners.append(owner)
        let pipe = owner.make(
            engine: engine, sends: QueueLimits(messages: sendHighWaterMark, bytes: 0),
            receives: QueueLimits(messages: 1000, bytes: 0))
        pipe.pointee.routingID = routingID
        return pipe
    }

    /// A peer that is there.
    func connect(sendHighWaterMark: Int = 1000, routingID: [UInt8] = []) throws -> Pipe {
        let pipe = makePipe(sendHighWaterMark: sendHighWaterMark, routingID: routingID)
        try #require(pattern.attach(pipe))
        try #require(pattern.connected(pipe))
        return pipe
    }

    /// A peer that speaks no ZMTP.
    func connect(raw: Bool, chosen: String?, sendHighWaterMark: Int) throws -> Pipe {
        let pipe = makePipe(sendHighWaterMark: sendHighWaterMark)
        pipe.pointee.isRaw = raw
        pipe.choose(chosen.map { Array($0.utf8) })
        try #require(pattern.attach(pipe))
        try #require(pattern.connected(pipe))
        return pipe
    }

    /// A peer's message.
    func arrive(_ parts: [String], at pipe: Pipe) {
        for (index, part) in parts.enumerated() {
            var frame = Frame(part)
            frame.hasMore = index + 1 < parts.count
            pipe.pointee.received.push(frame)
        }
        pipe.pointee.received.publish()
        pattern.readable(pipe)
    }

    /// - Returns: false when no peer has room.
    func send(_ parts: [String]) throws -> Bool {
        try Outgoing.withMessage(Message(parts: parts)) { try pattern.send($0) == .sent }
    }

    /// Whether a message that begins so would be taken.
    func admits(_ text: String) throws -> Bool {
        try Outgoing.withMessage(Message(text)) { try pattern.checkRoute($0.firstBytes) == .sent }
    }

    /// The next message; nil when there is none.
    func receive() throws -> [String]? {
        var message = Message()
        guard try pattern.receive(into: &message) else { return nil }
        return message.parts.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What was sent to a pipe since the last time.
    func sent(to pipe: Pipe) -> [[String]] {
        pipe.pointee.queuedMessages = 0
        return take(pipe).map { message in
            message.withMessage { $0.parts.map { String(decoding: $0, as: UTF8.self) } }
        }
    }

    /// As `sent(to:)`, for a peer that speaks no ZMTP.
    func sentBytes(to pipe: Pipe) -> String {
        pipe.takeUnsent().map { $0.withMessage { $0.string() ?? "?" } }.joined()
    }

    func take(_ pipe: Pipe) -> [Recovered] { pipe.pointee.fill.takeUnsentMessages() }

    /// The peer's connection dies; its unsent messages come back.
    func lose(_ pipe: Pipe) {
        pipe.pointee.isSendClosed = true
        pattern.closeSending(pipe)
        pattern.disconnected(pipe)
        pipe.pointee.queuedMessages = 0
        if !pipe.pointee.isRaw { pattern.giveBack(take(pipe), from: pipe) }
        pattern.detach(pipe)
    }
}

/// The code of the error that `body` has to end in.
func code(_ body: () throws -> Void) -> SocketError.Code? {
    #expect(throws: SocketError.self, performing: body)?.code
}
