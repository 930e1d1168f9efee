package import MCMemory
package import MCPool

/// ROUTER: knows its peers by routing id. A received message has the sender's id in front; the
/// first frame of a sent one says whom it goes to (RFC 28, "The ROUTER Socket Type"). A message for
/// a peer that is not there, or whose pipe is full, is dropped, unless sending is mandatory.
package final class Router: Pattern {
    package let socketType = "ROUTER"
    package let canSend = true
    package let canReceive = true
    /// A message for a peer that is not there is refused, one for a peer without room waits
    /// (ZMQ_ROUTER_MANDATORY).
    package var isMandatory = false
    /// A new peer takes over the routing id of an old one, whose connection ends
    /// (ZMQ_ROUTER_HANDOVER).
    package var handsOver = false
    /// New peers get an empty message, by which another ROUTER learns of us (ZMQ_PROBE_ROUTER).
    package var probesRouters = false
    /// Peers speak no ZMTP, as those of STREAM (ZMQ_ROUTER_RAW).
    package var isRaw = false
    /// What is told of peers that speak ZMTP (ZMQ_ROUTER_NOTIFY).
    package var toldOfPeers: PeerNotices = []
    /// What new peers are sent, and what is received of those that go.
    package var greetings = Greetings()
    private let fairQueue = FairQueue.create()
    private var peers: PeerTable

    /// - Parameter seed: the number before that of the first routing id that is made up.
    package init(seed: UInt32) { peers = PeerTable(seed: seed) }

    deinit { fairQueue.destroy() }

    package var announcesRoutingID: Bool { true }

    /// A raw one tells of all, as libzmq's does.
    package var peerNotices: PeerNotices { isRaw ? [.connected, .disconnected] : toldOfPeers }

    package func hasPeer(known routingID: [UInt8]) throws(SocketError) -> Bool {
        peers[routingID] != nil
    }

    // MARK: Peers come and go

    package func attach(_ pipe: Pipe) -> Bool {
        greetings.attached(pipe)
        if pipe.pointee.isRaw && !pipe.pointee.hasChosenRoutingID {
            pipe.pointee.routingID = peers.makeID()
        }
        if keepsRoutingID(pipe) { peers.insert(pipe) }
        return true
    }

    /// Whether the peer is known by its id from the first to the last, and not only while it is there.
    private func keepsRoutingID(_ pipe: Pipe) -> Bool {
        pipe.pointee.hasChosenRoutingID || pipe.pointee.isRaw
    }

    package func connected(_ pipe: Pipe) -> Bool {
        if pipe.pointee.routingID.isEmpty { pipe.pointee.routingID = peers.makeID() }
        if let other = peers[pipe.pointee.routingID], other != pipe {
            // Two peers of one name: the first keeps it, if it need not hand it over.
            guard handsOver else { return false }
            other.pointee.routingID = peers.makeID()
            other.pointee.hasChosenRoutingID = false
            peers.insert(other)
            peers.insert(pipe)
            other.hangUp()
        }
        // What was sent to an endpoint that is being disconnected still goes; there is no more to come.
        if !pipe.pointee.isSendClosed { peers.insert(pipe) }
        if pipe.pointee.receiveIndex < 0 { fairQueue.add(pipe) }
        greetings.connected(pipe)
        if probesRouters { pipe.probe() }
        return true
    }

    package func disconnected(_ pipe: Pipe) {
        if !keepsRoutingID(pipe) { peers.remove(pipe) }
        greetings.disconnected(pipe)
    }

    package func closeSending(_ pipe: Pipe) { peers.remove(pipe) }

    package func detach(_ pipe: Pipe) {
        peers.remove(pipe)
        fairQueue.remove(pipe)
    }

    // MARK: Messages

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        guard let pipe = fairQueue.receive(into: &message) else { return false }
        message.prepend(Frame(pipe.pointee.routingID))
        return true
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard let rest = message.droppingFirst else {
            throw SocketError(
                .invalidMessage, "a ROUTER message is a routing id and at least one frame")
        }
        guard let pipe = unsafe peers[message.firstBytes] else {
            guard isMandatory else { return .sent }
            throw unreachable()
        }
        if pipe.pointee.isRaw { return try sendBytes(message, to: pipe) }
        guard pipe.hasRoom else { return isMandatory ? .blocked : .sent }
        pipe.write(rest)
        return .sent
    }

    private func sendBytes(
        _ message: Outgoing, to pipe: Pipe
    ) throws(SocketError) -> SendOutcome {
        let data = try message.rawData(for: socketType)
        if data.count == 0 {
            peers.remove(pipe)
            fairQueue.remove(pipe)
            pipe.dismiss()
            return .sent
        }
        guard pipe.hasRoom else { return isMandatory ? .blocked : .sent }
        pipe.writeRaw(data)
        return .sent
    }

    package func checkRoute(_ first: UnsafeRawBufferPointer) throws(SocketError) -> SendOutcome {
        if isMandatory, try unsafe !hasRoom(for: first) { return .blocked }
        return .sent
    }

    /// Whether a peer has room for a message.
    ///
    /// - Throws: `hostUnreachable` when there is no such peer.
    package func hasRoom(for routingID: UnsafeRawBufferPointer) throws(SocketError) -> Bool {
        guard let pipe = unsafe peers[routingID] else { throw unreachable() }
        return pipe.hasRoom
    }

    private func unreachable() -> SocketError {
        SocketError(.hostUnreachable, "the ROUTER socket has no peer of that routing id")
    }

    /// Whether a message for this peer would go to somebody.
    package func hasPeer(_ id: [UInt8]) -> Bool { peers[id] != nil }

    package func isReadyToSend() -> Bool {
        !isMandatory || peers.contains { $0.hasRoom }
    }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
