import MCMemory
import MCQueue
import Synchronization

/// Peers that speak no ZMTP, and the end of a connection on the user's word.
extension Pipe {
    /// Puts a message of one frame in: its bytes as they are, for a peer that speaks no ZMTP. The caller
    /// has looked at `hasRoom`. The bytes count as one message for the high-water mark.
    package func writeRaw(_ message: Outgoing) {
        if pointee.peer != nil {
            unsafe pushToPeer(
                message.address, count: message.count, frame: message.frame, more: false)
            return
        }
        if pointee.fill.isEmpty || pointee.fill.byteCount >= SocketEngine.flushBytes {
            unsafe pointee.engine.markDirty(self)
        }
        if message.count >= OutBuffer.gatherBytes,
            let parts = unsafe message.frame?.pointee.sliceParts
        {
            unsafe pointee.fill.append(
                run: parts.block, address: parts.address, count: message.count, messages: 1)
        } else {
            unsafe pointee.fill.append(encoded: message.firstBytes, messages: 1)
        }
        pointee.queuedMessages &+= 1
    }

    /// Ends the connection to the peer for good when what was sent has left, and throws away what has
    /// come and is still coming. The pattern has taken the pipe off its lists. Lock held.
    package func dismiss() {
        if pointee.pair != nil {
            unsafe pointee.engine.detach(self)
        } else {
            unsafe pointee.engine.dismiss(self)
        }
    }

    /// The user says how the peer is known.
    func choose(_ routingID: [UInt8]?) {
        guard let routingID else { return }
        pointee.routingID = routingID
        pointee.hasChosenRoutingID = true
    }

    /// Takes over how the peer wants to be known.
    func learnRoutingID(_ announced: [UInt8]) {
        if pointee.hasChosenRoutingID { return }
        // Ids that begin with zero are the pattern's to make up, and one that it has made up stays when
        // the peer comes again.
        let isOurs = announced.isEmpty || announced[0] == 0
        if isOurs && pointee.routingID.first == 0 { return }
        pointee.routingID = isOurs ? [] : announced
    }
}

extension SocketEngine {
    /// See `Pipe.dismiss`. Lock held.
    func dismiss(_ pipe: Pipe) {
        guard pipe.pointee.isAttached else { return }
        pipe.pointee.isDismissed = true
        dropReceived(of: pipe)
        linger(pipe, evenWithoutTime: true)
    }

    /// Throws away what has come and was not received. Lock held.
    func dropReceived(of pipe: Pipe) {
        var message = Message()
        while pipe.receive(into: &message) {}
    }

    /// Tells the user of the peer's coming or going, by an empty message. At a full queue, which nobody
    /// receives from, it is not told: a peer that comes and goes all the time must not fill the memory.
    /// Lock held, nobody reading the peer's connection.
    ///
    /// - Parameter extra: how many may wait beyond the high-water mark.
    func notify(_ pipe: Pipe, of connection: Connection, extra: Int) {
        guard pipe.hasRoomToReceive(extra: extra) else { return }
        let queue = pipe.pointee.received
        var frame = Frame()
        frame.source = connection.source
        queue.push(frame)
        queue.publish()
        pattern.readable(pipe)
        wakeReceivers()
    }
}
