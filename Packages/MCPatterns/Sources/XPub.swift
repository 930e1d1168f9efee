package import MCMemory
package import MCPool

/// XPUB: publishes as PUB does, and receives its peers' subscriptions as messages: a byte 1 or 0 for
/// "subscribe" and "cancel", and the prefix (RFC 29). What XSUB peers send else is received as it is.
package final class XPub: Publisher {
    package var verbosity = SubscriptionVerbosity.news
    /// The first message behind a request goes to nobody but who asked, for a last value that is known
    /// already (ZMQ_XPUB_MANUAL_LAST_VALUE). Only while manual.
    package var answersLastAsker = false
    private var news = SubscriptionNews()
    /// What peers asked for, while the user decides.
    private var requested = SubscriptionTree()
    /// Whose request was received last; nil when that peer is gone.
    private var lastAsker: Pipe?

    package init() { super.init(socketType: "XPUB", canReceive: true) }

    // MARK: Subscriptions

    package override func subscription(
        _ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe
    ) {
        if isManual {
            let asker = pipe.bitPattern
            let isNews =
                if add {
                    unsafe requested.add(prefix: prefix, subscriber: asker)
                } else {
                    unsafe requested.remove(prefix: prefix, subscriber: asker)
                }
            unsafe news.append(prefix, isAdded: add, isNews: isNews, from: pipe)
            return
        }
        let wasWanted = unsafe isWanted(prefix)
        unsafe change(prefix, add: add, of: pipe)
        let isNews = unsafe wasWanted != isWanted(prefix)
        let isHeard = verbosity == .all || (verbosity == .subscriptions && add)
        if isNews || isHeard {
            unsafe news.append(prefix, isAdded: add, isNews: isNews, from: nil)
        }
    }

    /// Applies a subscription, or a cancellation, to the peer whose request was received last.
    package override func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        try super.subscribe(prefix, add: add)
        // The peer may have gone meanwhile.
        guard let lastAsker else { return }
        unsafe prefix.withUnsafeBytes { unsafe change($0, add: add, of: lastAsker) }
    }

    override func forget(_ pipe: Pipe) {
        if lastAsker == pipe { lastAsker = nil }
        news.forget(pipe)
        let tell = { [self] (prefix: [UInt8]) in
            unsafe prefix.withUnsafeBytes {
                unsafe news.append($0, isAdded: false, isNews: true, from: nil)
            }
        }
        if isManual {
            requested.forEachPrefix(of: pipe.bitPattern) { prefix, _ in tell(prefix) }
            super.forget(pipe)
        } else if verbosity == .all {
            forEachPrefix(of: pipe, tell)
            super.forget(pipe)
        } else {
            forget(pipe, vanished: tell)
        }
        requested.removeAll(subscriber: pipe.bitPattern)
    }

    // MARK: Sending

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard answersLastAsker, isManual, let asker = lastAsker else {
            return try super.send(message)
        }
        let outcome = send(message, onlyTo: asker)
        if outcome == .sent { lastAsker = nil }
        return outcome
    }

    // MARK: Receiving

    package override func intake(_ message: consuming Message, from pipe: Pipe) {
        takeSubscriptions(off: &message, from: pipe)
        if message.isEmpty { return }
        if news.hasRoomForMessages { news.append(message) } else { pipe.discard(message) }
    }

    package override func receive(into message: inout Message) throws(SocketError) -> Bool {
        switch news.popFirst(into: &message) {
        case .nothing: return false
        case .message: return true
        case .subscription(let asker):
            lastAsker = asker
            return true
        }
    }

    package override func isReadyToReceive() -> Bool { !news.isEmpty }
}
