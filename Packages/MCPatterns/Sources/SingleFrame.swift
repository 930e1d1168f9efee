package import MCMemory
package import MCPool

// Messages of one frame, which is all that the types of RFC 41, 48, 49 and 52 know: a message of
// several could not be sent by many threads frame by frame.

extension Outgoing {
    /// - Throws: `invalidMessage` when there are several frames.
    func requireSingleFrame(on socketType: String) throws(SocketError) {
        guard restCount == 0 else {
            throw SocketError(
                .invalidMessage,
                "a \(socketType) message has one frame, and this one has \(restCount + 1)")
        }
    }
}

extension FairQueue {
    /// As `receive(into:)`, for messages of one frame; others that peers send are dropped.
    func receiveSingleFrame(into message: inout Message) -> Pipe? {
        while let pipe = receive(into: &message) {
            if message.count == 1 { return pipe }
            var dropped = Message()
            swap(&dropped, &message)
            pipe.discard(dropped)
        }
        return nil
    }
}

/// What SCATTER, GATHER and CLIENT have in common: they take turns with messages of one frame.
package class SingleFrameBalancedPattern: BalancedPattern {
    // Frames are counted for every message.
    package final override var plainQueue: FairQueue? { nil }
    package final override var plainBalancer: LoadBalancer? { nil }

    package final override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        try message.requireSingleFrame(on: socketType)
        return try super.send(message)
    }

    package final override func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receiveSingleFrame(into: &message) != nil
    }
}
