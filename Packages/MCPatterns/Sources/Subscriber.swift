import MCCodec
package import MCMemory
package import MCPool

/// What SUB and XSUB have in common: they tell their peers, and those that come later, which prefixes
/// they want, and receive from all in turn (RFC 29).
///
/// Each subscription is passed on, also one of many to the same prefix, because a publisher's user may
/// want to hear of it (ZMQ_XPUB_VERBOSE); a cancellation when it is the last.
package class Subscriber: Pattern {
    package let socketType: String
    package let canSend: Bool
    package let canReceive = true
    final var pipes: [Pipe] = []
    let fairQueue = FairQueue.create()
    /// Each prefix and how often it was subscribed to.
    private var prefixes: [[UInt8]: Int] = [:]

    init(socketType: String, canSend: Bool) {
        self.socketType = socketType
        self.canSend = canSend
    }

    deinit { fairQueue.destroy() }

    package var plainQueue: FairQueue? { nil }

    package var canConflate: Bool { false }

    package final func attach(_ pipe: Pipe) -> Bool {
        pipes.append(pipe)
        fairQueue.add(pipe)
        return true
    }

    package final func connected(_ pipe: Pipe) -> Bool {
        for (prefix, _) in prefixes { pipe.tell(prefix, add: true) }
        return true
    }

    package final func detach(_ pipe: Pipe) {
        pipes.removeAll { $0 == pipe }
        fairQueue.remove(pipe)
    }

    package final func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    package func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        let count = prefixes[prefix] ?? 0
        guard add || count > 0 else {
            try wasNotSubscribed(prefix)
            return
        }
        prefixes[prefix] = add ? count + 1 : count == 1 ? nil : count - 1
        guard add || count == 1 else { return }
        if !add || count == 0 { changed(prefix, isWanted: add) }
        for pipe in pipes where pipe.pointee.isConnected { pipe.tell(prefix, add: add) }
    }

    /// A prefix is wanted from now on, or is not any more.
    func changed(_ prefix: [UInt8], isWanted: Bool) {}

    /// A cancellation of what is not wanted.
    func wasNotSubscribed(_ prefix: [UInt8]) throws(SocketError) {}

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        throw SocketError(.notSupported, "\(socketType) sockets cannot send")
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receive(into: &message) != nil
    }

    package func isReadyToSend() -> Bool { canSend }

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
