package import MCMemory
package import MCPool

/// PAIR: one peer, both ways (RFC 31). While it has one, others are refused.
package class Pair: Pattern {
    package let socketType: String
    package let canSend = true
    package let canReceive = true
    package let takesUnsentBack = true
    /// Messages wait for a peer that is connected, not for one that is still being dialled
    /// (ZMQ_IMMEDIATE).
    package final var queuesForConnectedOnly = false
    private var pipe: Pipe?
    let fairQueue = FairQueue.create()

    package convenience init() { self.init(socketType: "PAIR") }

    init(socketType: String) { self.socketType = socketType }

    deinit { fairQueue.destroy() }

    package final func attach(_ pipe: Pipe) -> Bool {
        guard self.pipe == nil else { return false }
        self.pipe = pipe
        fairQueue.add(pipe)
        return true
    }

    package final func closeSending(_ pipe: Pipe) {
        // The next peer may come while the last messages of this one are still to be received.
        if self.pipe == pipe { self.pipe = nil }
    }

    package final func detach(_ pipe: Pipe) {
        if self.pipe == pipe { self.pipe = nil }
        fairQueue.remove(pipe)
    }

    package final func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package final func giveBack(_ messages: [Recovered], from pipe: Pipe) {
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

    package final func isReadyToSend() -> Bool { pipe.map(hasRoom) ?? false }

    package final func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
