package import MCMemory
package import MCPool

/// REQ: sends a request to the next peer, then receives that peer's reply, in lockstep (RFC 28).
/// An empty frame divides the envelope from the request; a number in front of it, where wanted, comes
/// back with the reply and tells it from late ones.
@safe
package final class Req: BalancedPattern {
    private enum Step {
        case idle
        /// Waits for the reply of this peer; nil when the peer is gone.
        case waiting(Pipe?)
    }

    /// A request may follow a request: the reply to the first is not waited for any more
    /// (ZMQ_REQ_RELAXED).
    package var isRelaxed = false
    /// Each request has a number that its reply must have, too (ZMQ_REQ_CORRELATE).
    package var isCorrelated = false
    private var step = Step.idle
    private var requestNumber: UInt32
    private let delimiter = UnsafeMutablePointer<Frame>.allocate(capacity: 1)

    /// - Parameter seed: the number before that of the first request.
    package init(seed: UInt32 = 0) {
        requestNumber = seed
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

    private func checkTurn() throws(SocketError) {
        if case .waiting = step, !isRelaxed {
            throw SocketError(
                .invalidState, "the REQ socket waits for the reply to its last request")
        }
    }

    package override func checkRoute(
        _ first: UnsafeRawBufferPointer
    ) throws(SocketError) -> SendOutcome {
        try checkTurn()
        return isReadyToSend() ? .sent : .blocked
    }

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        try checkTurn()
        guard let pipe = balancer.next() else { return .blocked }
        // What is there already answers no request that is still to be sent.
        fairQueue.dropAll()
        if isCorrelated {
            requestNumber &+= 1
            unsafe withUnsafeBytes(of: requestNumber) {
                unsafe pipe.writeFrame($0.baseAddress, count: $0.count, frame: nil, more: true)
            }
        }
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
            guard pipe == expected, takeEnvelope(off: &message) else { continue }
            step = .idle
            return true
        }
        return false
    }

    /// - Returns: false when the message is no reply to the last request.
    private func takeEnvelope(off message: inout Message) -> Bool {
        if isCorrelated {
            let isOurs = message.withFrame(0) { frame in
                unsafe frame.withUnsafeBytes { bytes in
                    unsafe bytes.count == 4
                        && bytes.loadUnaligned(as: UInt32.self) == requestNumber
                }
            }
            guard isOurs, message.count >= 3 else { return false }
            _ = message.removeFirst()
        }
        guard message.count >= 2, message.withFrame(0, { $0.isEmpty }) else { return false }
        _ = message.removeFirst()
        return true
    }

    /// The request had not left when its peer went: whoever gets it now is to reply.
    package override func placed(on pipe: Pipe) {
        // Unless it is another one: the reply of a peer that is there is still to come.
        guard case .waiting(let expected) = step, expected?.pointee.isConnected != true else {
            return
        }
        step = .waiting(pipe)
    }

    package override func detach(_ pipe: Pipe) {
        if case .waiting(let expected) = step, expected == pipe { step = .waiting(nil) }
        super.detach(pipe)
    }

    package override func isReadyToSend() -> Bool {
        if case .waiting = step, !isRelaxed { return false }
        return balancer.hasRoom
    }

    package override func isReadyToReceive() -> Bool {
        if case .waiting = step { return fairQueue.hasMessage() }
        return false
    }
}
