package import MCMemory
package import MCPool

/// A pattern that sends each message to the next peer with room, and receives from all in turn:
/// what PUSH, PULL, DEALER and REQ have in common (RFC 28, 30).
///
/// A message that comes back from a dead peer goes to another one. While none has room it waits
/// here, ahead of its pipe's next connection: "sent" means that it is somebody's.
package class BalancedPattern: Pattern {
    package let socketType: String
    package let canSend: Bool
    package let canReceive: Bool
    package let takesUnsentBack = true
    let balancer = LoadBalancer.create()
    let fairQueue = FairQueue.create()
    /// Messages go only to peers that are connected, not to those that are still being dialled
    /// (ZMQ_IMMEDIATE). Before the first pipe.
    package final var queuesForConnectedOnly = false
    /// What a peer that had connected to us leaves behind goes to others; else it is dropped, as libzmq does.
    package final var keepsForOthers = true
    /// New peers get an empty message, by which a ROUTER learns of us (ZMQ_PROBE_ROUTER); only for types
    /// that it knows.
    package final var probesRouters = false
    /// What new peers are sent; only for types that receive it.
    package final var greetings = Greetings()
    /// Messages whose peer died and that no other peer has taken yet.
    private var orphans: [Recovered] = []

    package init(socketType: String, canSend: Bool, canReceive: Bool) {
        self.socketType = socketType
        self.canSend = canSend
        self.canReceive = canReceive
    }

    deinit {
        balancer.destroy()
        fairQueue.destroy()
    }

    package var announcesRoutingID: Bool { false }

    package var canConflate: Bool { false }

    package var plainQueue: FairQueue? { canReceive ? fairQueue : nil }

    package var plainBalancer: LoadBalancer? { canSend ? balancer : nil }

    package func attach(_ pipe: Pipe) -> Bool {
        greetings.attached(pipe)
        if canSend && !queuesForConnectedOnly { balancer.add(pipe) }
        if canReceive { fairQueue.add(pipe) }
        placeOrphans()
        return true
    }

    package func connected(_ pipe: Pipe) -> Bool {
        if probesRouters { pipe.probe() }
        greetings.connected(pipe)
        if canSend, pipe.pointee.sendIndex < 0, !pipe.pointee.isSendClosed {
            balancer.add(pipe)
            placeOrphans()
        }
        return true
    }

    package func disconnected(_ pipe: Pipe) {
        if queuesForConnectedOnly { balancer.remove(pipe) }
    }

    package func closeSending(_ pipe: Pipe) { balancer.remove(pipe) }

    package func detach(_ pipe: Pipe) {
        balancer.remove(pipe)
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func writable(_ pipe: Pipe) {
        balancer.activate(pipe)
        if !orphans.isEmpty { placeOrphans() }
    }

    package func giveBack(_ messages: [Recovered], from pipe: Pipe) {
        // A pipe that will be dialled again keeps its messages, unless somebody can have them now.
        if pipe.pointee.sendIndex >= 0, !balancer.hasConnectedRoom {
            pipe.restore(messages)
            placed(on: pipe)
            return
        }
        guard keepsForOthers else {
            pipe.discard(messages)
            return
        }
        orphans.append(contentsOf: messages)
        placeOrphans()
    }

    /// A message that had come back is this pipe's now.
    package func placed(on pipe: Pipe) {}

    /// Gives waiting messages to whoever has room.
    private func placeOrphans() {
        var count = 0
        while count < orphans.count, let pipe = balancer.next() {
            pipe.restore([orphans[count]])
            placed(on: pipe)
            balancer.advance()
            count += 1
        }
        if count > 0 { orphans.removeFirst(count) }
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        if balancer.send(message) { return .sent }
        if canSend { return .blocked }
        throw SocketError(.notSupported, "\(socketType) sockets cannot send")
    }

    package func checkRoute(_ first: UnsafeRawBufferPointer) throws(SocketError) -> SendOutcome {
        if canSend { return isReadyToSend() ? .sent : .blocked }
        throw SocketError(.notSupported, "\(socketType) sockets cannot send")
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receive(into: &message) != nil
    }

    package func isReadyToSend() -> Bool { balancer.hasRoom }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}
