package import MCMemory
package import MCPool

/// SUB: receives from all of its peers what begins with a prefix that it subscribed to (RFC 29).
/// Without a subscription it receives nothing. Never sends.
package final class Sub: Pattern {
    package let socketType = "SUB"
    package let canSend = false
    package let canReceive = true
    private var pipes: [Pipe] = []
    private let fairQueue = FairQueue.create()
    // Not checked for exclusive access, which would cost more than a message: the engine's lock sees
    // to it.
    @exclusivity(unchecked) private var subscriptions = SubscriptionTree()
    /// Each prefix and how often it was subscribed to, for peers that come later.
    private var prefixes: [[UInt8]: Int] = [:]
    /// The next message, when somebody has asked whether there is one: only a message that matches
    /// is a reason to be ready.
    @exclusivity(unchecked) private var found = Message()
    /// Receives what matches no subscription (ZMQ_INVERT_MATCHING), which publishers then are to send.
    package var invertsMatching = false

    package init() {}

    deinit { fairQueue.destroy() }

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
            guard count == 0 else { return }
        } else {
            guard count > 0 else {
                throw SocketError(.invalidState, "the SUB socket has no such subscription")
            }
            prefixes[prefix] = count == 1 ? nil : count - 1
            guard count == 1 else { return }
        }
        unsafe prefix.withUnsafeBytes {
            if add {
                _ = unsafe subscriptions.add(prefix: $0, subscriber: 0)
            } else {
                _ = unsafe subscriptions.remove(prefix: $0, subscriber: 0)
            }
        }
        for pipe in pipes where pipe.pointee.isConnected { pipe.tell(prefix, add: add) }
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        if unsafe !found.isEmpty {
            message = Message()
            unsafe swap(&message, &found)
            if matches(message) { return true }
        }
        // A publisher filters, but a message may be under way when its subscription is cancelled.
        while fairQueue.receive(into: &message) != nil {
            if matches(message) { return true }
        }
        return false
    }

    private func matches(_ message: borrowing Message) -> Bool {
        message.withFrame(0) { frame in
            unsafe frame.withUnsafeBytes { unsafe subscriptions.matches(topic: $0) }
        } != invertsMatching
    }

    package func isReadyToReceive() -> Bool {
        if unsafe !found.isEmpty && matches(found) { return true }
        unsafe found = Message()
        while unsafe fairQueue.receive(into: &found) != nil {
            if unsafe matches(found) { return true }
        }
        unsafe found = Message()
        return false
    }
}
