package import MCMemory
package import MCPool

/// SERVER: knows its peers by numbers that it gives them (RFC 41). A received message of one frame
/// names the sender (`Message.routingID`); a sent one has the number of whom it goes to in front, as a
/// frame of four bytes.
package class Server: Pattern {
    package let socketType: String
    package let canSend = true
    package let canReceive = true
    /// What new peers are sent, and what is received of those that go.
    package final var greetings = Greetings()
    private let fairQueue = FairQueue.create()
    private var peers: [UInt32: Pipe] = [:]

    package convenience init() { self.init(socketType: "SERVER") }

    init(socketType: String) { self.socketType = socketType }

    deinit { fairQueue.destroy() }

    package final func attach(_ pipe: Pipe) -> Bool {
        // One that is being dialled is known already: what is sent to it waits for the connection.
        let number = PeerDirectory.reserve()
        pipe.pointee.peerNumber = number
        peers[number] = pipe
        fairQueue.add(pipe)
        greetings.attached(pipe)
        return true
    }

    package final func connected(_ pipe: Pipe) -> Bool {
        greetings.connected(pipe)
        return true
    }

    package final func disconnected(_ pipe: Pipe) { greetings.disconnected(pipe) }

    package final func closeSending(_ pipe: Pipe) {
        if peers[pipe.pointee.peerNumber] == pipe { peers[pipe.pointee.peerNumber] = nil }
    }

    package final func detach(_ pipe: Pipe) {
        closeSending(pipe)
        fairQueue.remove(pipe)
        PeerDirectory.retire(pipe.pointee.peerNumber)
    }

    package final func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package final func giveBack(_ messages: [Recovered], from pipe: Pipe) {
        // An endpoint that is dialled again is the same peer.
        if peers[pipe.pointee.peerNumber] == pipe {
            pipe.restore(messages)
        } else {
            pipe.discard(messages)
        }
    }

    package final func receive(into message: inout Message) throws(SocketError) -> Bool {
        guard let pipe = fairQueue.receiveSingleFrame(into: &message) else { return false }
        message.routingID = pipe.pointee.peerNumber
        return true
    }

    package final func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard let rest = message.droppingFirst, message.count == 4 else {
            throw SocketError(
                .invalidMessage, "a \(socketType) message goes to a peer by its routing id")
        }
        try rest.requireSingleFrame(on: socketType)
        let number = unsafe message.firstBytes.loadUnaligned(as: UInt32.self)
        guard let pipe = peers[number] else {
            throw SocketError(
                .hostUnreachable, "the \(socketType) socket has no peer of routing id \(number)")
        }
        guard pipe.hasRoom else { return .blocked }
        pipe.write(rest)
        return .sent
    }

    package final func checkRoute(
        _ first: UnsafeRawBufferPointer
    ) throws(SocketError) -> SendOutcome {
        // Only whole messages say whom they go to.
        throw SocketError(.invalidMessage, "a \(socketType) message has one frame")
    }

    /// Whether a certain peer has room is known only when a message is sent to it.
    package final func isReadyToSend() -> Bool { true }

    package final func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}

/// PEER: a SERVER that also connects, and talks with others of its kind.
package final class Peer: Server {
    /// - Parameter seed: the number before that of the first peer.
    package init() { super.init(socketType: "PEER") }
}
