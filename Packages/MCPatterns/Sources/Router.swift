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
    private let fairQueue = FairQueue.create()
    private var peers: [RoutingKey: Pipe] = [:]
    private var nextGenerated: UInt32

    package init(seed: UInt32) {
        nextGenerated = seed
    }

    deinit { fairQueue.destroy() }

    package var announcesRoutingID: Bool { true }

    package func attach(_ pipe: Pipe) -> Bool { true }

    package func connected(_ pipe: Pipe) -> Bool {
        // Ids that begin with zero are ours to make up.
        if pipe.pointee.routingID.isEmpty || pipe.pointee.routingID.first == 0 {
            pipe.pointee.routingID = generate()
        }
        let key = RoutingKey(pipe.pointee.routingID)
        if let other = peers[key], other != pipe {
            // Two peers of one name: the first keeps it, if it need not hand it over.
            guard handsOver else { return false }
            other.pointee.routingID = generate()
            peers[RoutingKey(other.pointee.routingID)] = other
            peers[key] = pipe
            other.hangUp()
        }
        peers[key] = pipe
        if pipe.pointee.receiveIndex < 0 { fairQueue.add(pipe) }
        if probesRouters { pipe.probe() }
        return true
    }

    /// Five bytes that begin with zero, which no peer may announce.
    private func generate() -> [UInt8] {
        nextGenerated &+= 1
        return unsafe [0] + withUnsafeBytes(of: nextGenerated.bigEndian) { unsafe [UInt8]($0) }
    }

    private func forget(_ pipe: Pipe) {
        let key = RoutingKey(pipe.pointee.routingID)
        if peers[key] == pipe { peers[key] = nil }
    }

    package func disconnected(_ pipe: Pipe) { forget(pipe) }

    package func closeSending(_ pipe: Pipe) { forget(pipe) }

    package func detach(_ pipe: Pipe) {
        forget(pipe)
        fairQueue.remove(pipe)
    }

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
        let key = unsafe RoutingKey(message.firstBytes)
        guard let pipe = peers[key] else {
            guard isMandatory else { return .sent }
            throw SocketError(.hostUnreachable, "the ROUTER socket has no peer of that routing id")
        }
        guard pipe.hasRoom else { return isMandatory ? .blocked : .sent }
        pipe.write(rest)
        return .sent
    }

    /// Whether a message for this peer would go to somebody.
    package func hasPeer(_ id: [UInt8]) -> Bool { peers[RoutingKey(id)] != nil }

    package func isReadyToSend() -> Bool {
        !isMandatory || peers.values.contains { $0.hasRoom }
    }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
