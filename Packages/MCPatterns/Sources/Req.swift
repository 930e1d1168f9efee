package import MCMemory
package import MCPool

/// REQ: sends a request to the next peer, then receives that peer's reply, in lockstep (RFC 28).
/// An empty frame divides the envelope from the request.
@safe
package final class Req: BalancedPattern {
    private enum Step {
        case idle
        /// Waits for the reply of this peer; nil when the peer is gone.
        case waiting(Pipe?)
    }

    private var step = Step.idle
    private let delimiter = UnsafeMutablePointer<Frame>.allocate(capacity: 1)

    package init() {
        super.init(socketType: "REQ", canSend: true, canReceive: true)
        unsafe delimiter.initialize(to: Frame())
    }

    deinit {
        unsafe delimiter.deinitialize(count: 1)
        unsafe delimiter.deallocate()
    }

    package override var announcesRoutingID: Bool { true }

    /// The lockstep has a word in every message.
    package override var plainQueue: FairQueue? { nil }
    package override var plainBalancer: LoadBalancer? { nil }

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        if case .waiting = step {
            throw SocketError(
                .invalidState, "the REQ socket waits for the reply to its last request")
        }
        guard let pipe = balancer.next() else { return .blocked }
        unsafe pipe.writeFrame(nil, count: 0, frame: UnsafePointer(delimiter), more: true)
        pipe.write(message)
        balancer.advance()
        step = .waiting(pipe)
        return .sent
    }

    package override func receive(into message: inout Message) throws(SocketError) -> Bool {
        guard case .waiting(let expected) = step else {
            throw SocketError(.invalidState, "the REQ socket has no request under way")
        }
        while let pipe = fairQueue.receive(into: &message) {
            // Replies of others, and what has no delimiter, are not answers to our request.
            guard pipe == expected, message.count >= 2, message.withFrame(0, { $0.isEmpty })
            else { continue }
            _ = message.removeFirst()
            step = .idle
            return true
        }
        return false
    }

    /// The request had not left when its peer went: whoever gets it now is to reply.
    package override func placed(on pipe: Pipe) {
        if case .waiting = step { step = .waiting(pipe) }
    }

    package override func detach(_ pipe: Pipe) {
        if case .waiting(let expected) = step, expected == pipe { step = .waiting(nil) }
        super.detach(pipe)
    }

    package override func isReadyToSend() -> Bool {
        if case .waiting = step { return false }
        return balancer.hasRoom
    }

    package override func isReadyToReceive() -> Bool {
        if case .waiting = step { return fairQueue.hasMessage() }
        return false
    }
}
