package import MCMemory
package import MCPool

/// STREAM: speaks with anybody, in bytes, and no ZMTP (zmq_socket(3), "Native pattern"). What comes has the
/// peer's routing id in front; the first frame of what is sent says whom the bytes of the second go to.
/// A connection has its id from the beginning, and a dialled one keeps it when it is dialled again.
package final class Stream: Pattern {
    package let socketType = "STREAM"
    package let canSend = true
    package let canReceive = true
    package let isRaw = true
    /// Peers that come and go are told of (ZMQ_STREAM_NOTIFY).
    package var tellsOfPeers = true
    /// The id that was made up last (ZMQ_ROUTING_ID).
    package private(set) var lastRoutingID: [UInt8] = []
    private let fairQueue = FairQueue.create()
    private var peers: PeerTable

    /// - Parameter seed: the number before that of the first routing id.
    package init(seed: UInt32) { peers = PeerTable(seed: seed) }

    deinit { fairQueue.destroy() }

    package var peerNotices: PeerNotices { tellsOfPeers ? [.connected, .disconnected] : [] }

    package func hasPeer(known routingID: [UInt8]) throws(SocketError) -> Bool {
        peers[routingID] != nil
    }

    package func attach(_ pipe: Pipe) -> Bool {
        if !pipe.pointee.hasChosenRoutingID {
            lastRoutingID = peers.makeID()
            pipe.pointee.routingID = lastRoutingID
        }
        peers.insert(pipe)
        fairQueue.add(pipe)
        return true
    }

    package func closeSending(_ pipe: Pipe) { peers.remove(pipe) }

    package func detach(_ pipe: Pipe) {
        peers.remove(pipe)
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        guard let pipe = fairQueue.receive(into: &message) else { return false }
        message.prepend(Frame(pipe.pointee.routingID))
        return true
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        let data = try message.rawData(for: socketType)
        let pipe = try unsafe peer(message.firstBytes)
        if data.count == 0 {
            peers.remove(pipe)
            fairQueue.remove(pipe)
            pipe.dismiss()
            return .sent
        }
        guard pipe.hasRoom else { return .blocked }
        pipe.writeRaw(data)
        return .sent
    }

    package func checkRoute(_ first: UnsafeRawBufferPointer) throws(SocketError) -> SendOutcome {
        try unsafe peer(first).hasRoom ? .sent : .blocked
    }

    private func peer(_ routingID: UnsafeRawBufferPointer) throws(SocketError) -> Pipe {
        guard let pipe = unsafe peers[routingID] else {
            throw SocketError(.hostUnreachable, "the STREAM socket has no peer of that routing id")
        }
        return pipe
    }

    /// It depends on the peer, as in libzmq.
    package func isReadyToSend() -> Bool { true }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}

extension Outgoing {
    /// The bytes for a peer that speaks no ZMTP: what stands behind the routing id.
    func rawData(for socketType: String) throws(SocketError) -> Outgoing {
        guard let data = droppingFirst, data.restCount == 0 else {
            throw SocketError(
                .invalidMessage,
                "what is sent by a raw \(socketType) is a routing id and one frame of bytes")
        }
        return data
    }
}
