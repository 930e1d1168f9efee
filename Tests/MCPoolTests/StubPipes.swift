import MCMemory
import MCQueue
import MCTransportInproc

@testable import MCPool

/// A pattern that does nothing, so that there can be an engine.
final class IdlePattern: Pattern {
    let socketType = "PAIR"
    let canSend = true
    let canReceive = true

    func attach(_ pipe: Pipe) -> Bool { true }
    func detach(_ pipe: Pipe) {}
}

/// Pipes without connections: what is sent stays in them, what is received is put in by the test.
final class StubPipes {
    let engine: SocketEngine
    private let thread: IOThread
    private var owners: [PipeOwner] = []

    init() throws {
        thread = try IOThread()
        engine = try SocketEngine(
            pattern: IdlePattern(), options: EngineOptions(), ioThread: thread, transports: [:],
            inproc: InprocRegistry())
    }

    deinit {
        engine.close()
        thread.stop()
    }

    func make(sendHighWaterMark: Int = 1000) -> Pipe {
        let owner = PipeOwner()
        owners.append(owner)
        return owner.make(
            engine: engine, sends: QueueLimits(messages: sendHighWaterMark, bytes: 0),
            receives: QueueLimits(messages: 1000, bytes: 0))
    }
}

extension Pipe {
    /// Messages that were sent to the pipe; they are taken out.
    func takeSent() -> [[[UInt8]]] {
        pointee.queuedMessages = 0
        return pointee.fill.takeUnsentMessages().map { $0.withMessage { $0.parts } }
    }

    /// A message of the peer.
    func arrive(_ parts: [[UInt8]]) {
        for (index, part) in parts.enumerated() {
            var frame = Frame(part)
            frame.hasMore = index + 1 < parts.count
            pointee.received.push(frame)
        }
        pointee.received.publish()
    }

    func arrive(_ text: String) { arrive([Array(text.utf8)]) }
}
