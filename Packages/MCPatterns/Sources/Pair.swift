package import MCMemory
package import MCPool

/// PAIR: one peer, both ways (RFC 31). While it has one, others are refused.
package final class Pair: Pattern {
    package let socketType = "PAIR"
    package let canSend = true
    package let canReceive = true
    /// Messages wait for a peer that is connected, not for one that is still being dialled
    /// (ZMQ_IMMEDIATE).
    package var queuesForConnectedOnly = false
    private var pipe: Pipe?
    private let fairQueue = FairQueue.create()

    package init() {}

    deinit { fairQueue.destroy() }

    package func attach(_ pipe: Pipe) -> Bool {
        guard self.pipe == nil else { return false }
        self.pipe = pipe
        fairQueue.add(pipe)
        return true
    }

    package func closeSending(_ pipe: Pipe) {
        // The next peer may come while the last messages of this one are still to be received.
        if self.pipe == pipe { self.pipe = nil }
    }

    package func detach(_ pipe: Pipe) {
        if self.pipe == pipe { self.pipe = nil }
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func giveBack(_ messages: [Recovered], from pipe: Pipe) {
        // A peer that connected and went is nobody's peer any more; an endpoint that is dialled
        // again still is.
        if self.pipe == pipe { pipe.restore(messages) }
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard let pipe, hasRoom(pipe) else { return .blocked }
        pipe.write(message)
        return .sent
    }

    private func hasRoom(_ pipe: Pipe) -> Bool {
        pipe.hasRoom && (!queuesForConnectedOnly || pipe.pointee.isConnected)
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receive(into: &message) != nil
    }

    package func isReadyToSend() -> Bool { pipe.map(hasRoom) ?? false }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
