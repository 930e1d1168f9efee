import MCCodec
package import MCMemory
package import MCPool

/// XSUB: receives what its peers publish, and subscribes by sending: a byte 1 or 0 for "subscribe" and
/// "cancel", and the prefix (RFC 29). Everything else that it sends goes to all XPUB peers.
///
/// Publishers filter for it; it does not filter again. Each subscription is passed on, also one of
/// many to the same prefix, because the publisher's side counts them; a cancellation when it is the last.
package final class XSub: Pattern {
    package let socketType = "XSUB"
    package let canSend = true
    package let canReceive = true
    private var pipes: [Pipe] = []
    private let fairQueue = FairQueue.create()
    /// Each prefix and how often it was subscribed to, for peers that come later.
    private var prefixes: [[UInt8]: Int] = [:]

    package init() {}

    deinit { fairQueue.destroy() }

    package var plainQueue: FairQueue? { fairQueue }

    package func attach(_ pipe: Pipe) -> Bool {
        pipes.append(pipe)
        fairQueue.add(pipe)
        return true
    }

    package func connected(_ pipe: Pipe) -> Bool {
        for (prefix, _) in prefixes { pipe.tell(prefix, add: true) }
        return true
    }

    package func detach(_ pipe: Pipe) {
        pipes.removeAll { $0 == pipe }
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        let count = prefixes[prefix] ?? 0
        if add {
            prefixes[prefix] = count + 1
        } else {
            // What was never subscribed to needs no cancelling.
            guard count > 0 else { return }
            prefixes[prefix] = count == 1 ? nil : count - 1
            guard count == 1 else { return }
        }
        for pipe in pipes where pipe.pointee.isConnected { pipe.tell(prefix, add: add) }
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        if message.restCount == 0, let first = unsafe message.firstBytes.first, first <= 1 {
            try subscribe(unsafe [UInt8](message.firstBytes.dropFirst()), add: first == 1)
            return .sent
        }
        // As a publisher does: who has no room misses it.
        for pipe in pipes where pipe.pointee.isConnected && pipe.hasRoom { pipe.write(message) }
        return .sent
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receive(into: &message) != nil
    }

    package func isReadyToSend() -> Bool { true }

    package func isReadyToReceive() -> Bool { fairQueue.hasMessage() }
}

extension Pipe {
    /// Tells a publisher of a subscription, or a cancellation, in the form that it understands.
    func tell(_ prefix: [UInt8], add: Bool) {
        var frame: [UInt8] = []
        if pointee.isInproc {
            frame = [add ? 1 : 0] + prefix
            unsafe frame.withUnsafeBytes { unsafe write(Outgoing($0)) }
            return
        }
        Subscription(isSubscribe: add, prefix: prefix)
            .encode(for: pointee.peerVersion, into: &frame)
        writeEncoded(frame)
    }
}
