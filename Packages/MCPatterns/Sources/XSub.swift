import MCMemory
package import MCPool

/// XSUB: receives what its peers publish, and subscribes by sending: a byte 1 or 0 for "subscribe" and
/// "cancel", and the prefix (RFC 29). Everything else that it sends goes to all XPUB peers.
///
/// Publishers filter for it; it does not filter again.
package final class XSub: Subscriber {
    /// A message of several frames has subscriptions among them only when its first frame is one
    /// (ZMQ_ONLY_FIRST_SUBSCRIBE).
    package var onlyFirstSubscribes = false

    package init() { super.init(socketType: "XSUB", canSend: true) }

    package override var plainQueue: FairQueue? { fairQueue }

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        if message.restCount == 0, let first = unsafe message.firstBytes.first, first <= 1 {
            try subscribe(unsafe [UInt8](message.firstBytes.dropFirst()), add: first == 1)
            return .sent
        }
        if message.restCount > 0, try sendSubscriptions(of: message) { return .sent }
        sendOn(message)
        return .sent
    }

    /// Takes the subscriptions out of a message of several frames, and passes the rest on.
    ///
    /// - Returns: false when there is none.
    private func sendSubscriptions(of message: Outgoing) throws(SocketError) -> Bool {
        guard let more = unsafe message.rest else { return false }
        var frames = unsafe [message.firstBytes]
        for index in 0..<message.restCount {
            unsafe frames.append((more + index).pointee.borrowedBytes(at: more + index))
        }
        let isSubscription = unsafe frames.map { unsafe $0.first.map { $0 <= 1 } ?? false }
        guard isSubscription.contains(true), isSubscription[0] || !onlyFirstSubscribes else {
            return false
        }
        var rest = Message()
        for (index, isSubscription) in isSubscription.enumerated() {
            let bytes = unsafe frames[index]
            if isSubscription {
                try subscribe(unsafe [UInt8](bytes.dropFirst()), add: unsafe bytes[0] == 1)
            } else {
                rest.append(unsafe Frame(copying: bytes))
            }
        }
        if rest.isEmpty { return true }
        Outgoing.withMessage(rest) { sendOn($0) }
        return true
    }

    private func sendOn(_ message: Outgoing) {
        // As a publisher does: who has no room misses it.
        for pipe in pipes where pipe.pointee.isConnected && pipe.hasRoom { pipe.write(message) }
    }
}
