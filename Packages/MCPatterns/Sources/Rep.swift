package import MCMemory
package import MCPool

/// REP: receives a request, then sends the reply to whom it came from, in lockstep (RFC 28). The
/// envelope, everything up to the first empty frame, is kept meanwhile and goes back in front of
/// the reply.
package final class Rep: Pattern {
    package let socketType = "REP"
    package let canSend = true
    package let canReceive = true
    /// New peers get an empty message, by which a ROUTER learns of us (ZMQ_PROBE_ROUTER).
    package var probesRouters = false
    private let fairQueue = FairQueue.create()
    private var envelope = Message()
    /// Whom the reply goes to; nil when the peer is gone, then it is dropped.
    private var asker: Pipe?
    private var hasRequest = false

    package init() {}

    deinit { fairQueue.destroy() }

    package func attach(_ pipe: Pipe) -> Bool {
        fairQueue.add(pipe)
        return true
    }

    package func connected(_ pipe: Pipe) -> Bool {
        if probesRouters { pipe.probe() }
        return true
    }

    package func closeSending(_ pipe: Pipe) {
        if asker == pipe { asker = nil }
    }

    package func disconnected(_ pipe: Pipe) {
        // The reply must not reach the next peer of the same endpoint.
        if asker == pipe { asker = nil }
    }

    package func detach(_ pipe: Pipe) {
        if asker == pipe { asker = nil }
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        guard !hasRequest else {
            throw SocketError(.invalidState, "the REP socket owes a reply to its last request")
        }
        while let pipe = fairQueue.receive(into: &message) {
            envelope = Message()
            var isWhole = false
            while let frame = message.removeFirst() {
                isWhole = frame.isEmpty
                envelope.append(frame)
                if isWhole { break }
            }
            // Without a delimiter and a request behind it there is nothing to reply to.
            guard isWhole, !message.isEmpty else { continue }
            asker = pipe
            hasRequest = true
            return true
        }
        return false
    }

    package func checkRoute(_ first: UnsafeRawBufferPointer) throws(SocketError) -> SendOutcome {
        guard hasRequest else {
            throw SocketError(.invalidState, "the REP socket has no request to reply to")
        }
        return .sent
    }

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        _ = try unsafe checkRoute(message.firstBytes)
        hasRequest = false
        // A peer that is gone, or does not read its replies, misses this one (RFC 28).
        if let asker, asker.hasRoom {
            while let frame = envelope.removeFirst() {
                unsafe withUnsafePointer(to: frame) {
                    let bytes = unsafe $0.pointee.borrowedBytes(at: $0)
                    unsafe asker.writeFrame(
                        bytes.baseAddress, count: bytes.count, frame: $0, more: true)
                }
            }
            asker.write(message)
        }
        envelope = Message()
        asker = nil
        return .sent
    }

    package func isReadyToSend() -> Bool { hasRequest }

    package func isReadyToReceive() -> Bool { !hasRequest && fairQueue.hasMessage() }
}
