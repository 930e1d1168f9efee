package import MCMemory
package import MCPool

/// DGRAM: sends and receives datagrams (zmq_socket(3)). A message is two frames: the other end's address,
/// a number and a port, and the body. It is bound to one endpoint, and connects to none.
package final class Dgram: Pattern {
    package let socketType = "DGRAM"
    package let canSend = true
    package let canReceive = true
    private var pipe: Pipe?
    private let fairQueue = FairQueue.create()

    package init() {}

    deinit { fairQueue.destroy() }

    package var datagramRole: DatagramRole? { .addresses }

    package func attach(_ pipe: Pipe) -> Bool {
        guard self.pipe == nil, pipe.isDatagram else { return false }
        self.pipe = pipe
        fairQueue.add(pipe)
        return true
    }

    package func detach(_ pipe: Pipe) {
        if self.pipe == pipe { self.pipe = nil }
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard message.restCount == 1 else {
            throw SocketError(.invalidMessage, "a DGRAM message is an address and one frame")
        }
        guard let pipe else { return .blocked }
        pipe.sendDatagram(message)
        return .sent
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receive(into: &message) != nil
    }

    package func isReadyToSend() -> Bool { pipe != nil }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
