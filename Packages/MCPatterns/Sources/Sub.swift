package import MCMemory
package import MCPool

/// SUB: receives from all of its peers what begins with a prefix that it subscribed to (RFC 29).
/// Without a subscription it receives nothing. Never sends.
package final class Sub: Subscriber {
    // Not checked for exclusive access, which would cost more than a message: the engine's lock sees
    // to it.
    @exclusivity(unchecked) private var subscriptions = SubscriptionTree()
    /// The next message, when somebody has asked whether there is one: only a message that matches
    /// is a reason to be ready.
    @exclusivity(unchecked) private var found = Message()
    /// Receives what matches no subscription (ZMQ_INVERT_MATCHING), which publishers then are to send.
    package var invertsMatching = false

    package init() { super.init(socketType: "SUB", canSend: false) }

    package override var canConflate: Bool { true }

    override func changed(_ prefix: [UInt8], isWanted: Bool) {
        unsafe prefix.withUnsafeBytes {
            if isWanted {
                _ = unsafe subscriptions.add(prefix: $0, subscriber: 0)
            } else {
                _ = unsafe subscriptions.remove(prefix: $0, subscriber: 0)
            }
        }
    }

    override func wasNotSubscribed(_ prefix: [UInt8]) throws(SocketError) {
        throw SocketError(.invalidState, "the SUB socket has no such subscription")
    }

    package override func receive(into message: inout Message) throws(SocketError) -> Bool {
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

    package override func isReadyToReceive() -> Bool {
        if unsafe !found.isEmpty && matches(found) { return true }
        unsafe found = Message()
        while unsafe fairQueue.receive(into: &found) != nil {
            if unsafe matches(found) { return true }
        }
        unsafe found = Message()
        return false
    }
}
