package import MCMemory
package import MCPool

/// What PUB and XPUB have in common: each message goes to every peer that subscribed to a prefix of it
/// (RFC 29). A peer whose pipe is full misses the message; the others do not wait for it.
package class Publisher: Pattern {
    package let socketType: String
    package let canSend = true
    package let canReceive: Bool
    private var pipes: [Pipe] = []
    /// What in-process peers send: subscriptions in the form of messages, and XSUB's own messages.
    private let requests = FairQueue.create()
    private var subscriptions = SubscriptionTree()
    private let fanOut = FanOut.create()
    /// Messages go to those whose subscriptions they do not match (ZMQ_INVERT_MATCHING).
    package final var invertsMatching = false
    /// A message of several frames has subscriptions among them only when its first frame is one
    /// (ZMQ_ONLY_FIRST_SUBSCRIBE).
    package final var onlyFirstSubscribes = false
    /// A peer without room blocks the send, instead of missing the message (ZMQ_XPUB_NODROP).
    package final var waitsForRoom = false
    /// The user decides which subscriptions count (ZMQ_XPUB_MANUAL): of a PUB's, which tells of none,
    /// none do.
    package final var isManual = false
    /// What each new peer is sent; nil for nothing (ZMQ_XPUB_WELCOME_MSG).
    package final var welcome: [UInt8]?

    init(socketType: String, canReceive: Bool) {
        self.socketType = socketType
        self.canReceive = canReceive
    }

    deinit {
        requests.destroy()
        fanOut.destroy()
    }

    /// Subscriptions come as messages from ZMTP 3.0 peers and from sockets of this process.
    package var takesMessages: Bool { true }

    package var canConflate: Bool { false }

    package func attach(_ pipe: Pipe) -> Bool {
        pipe.pointee.sendIndex = pipes.count
        pipes.append(pipe)
        requests.add(pipe)
        return true
    }

    package func connected(_ pipe: Pipe) -> Bool {
        if let welcome, pipe.hasRoom {
            unsafe welcome.withUnsafeBytes { unsafe pipe.write(Outgoing($0)) }
        }
        return true
    }

    package func disconnected(_ pipe: Pipe) {
        fanOut.close()
        forget(pipe)
    }

    package func closeSending(_ pipe: Pipe) { fanOut.close() }

    package func detach(_ pipe: Pipe) {
        fanOut.close()
        requests.remove(pipe)
        forget(pipe)
        let index = pipe.pointee.sendIndex
        guard index >= 0 else { return }
        pipes.swapAt(index, pipes.count - 1)
        pipes[index].pointee.sendIndex = index
        pipes.removeLast()
        pipe.pointee.sendIndex = -1
    }

    // MARK: Subscriptions

    package func subscription(
        _ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe
    ) {
        if isManual { return }
        unsafe change(prefix, add: add, of: pipe)
    }

    /// The peer is gone: so is what it wanted.
    func forget(_ pipe: Pipe) { subscriptions.removeAll(subscriber: pipe.bitPattern) }

    /// - Parameter vanished: is given every prefix that nobody wants any more.
    final func forget(_ pipe: Pipe, vanished: @escaping ([UInt8]) -> Void) {
        subscriptions.removeAll(subscriber: pipe.bitPattern, vanished: vanished)
    }

    final func forEachPrefix(of pipe: Pipe, _ body: ([UInt8]) -> Void) {
        subscriptions.forEachPrefix(of: pipe.bitPattern) { prefix, _ in body(prefix) }
    }

    final func change(_ prefix: UnsafeRawBufferPointer, add: Bool, of pipe: Pipe) {
        if add {
            // A peer wants a prefix or does not: libzmq's sockets pass every subscription on, but only
            // the last cancellation.
            let isFirst = unsafe subscriptions.add(prefix: prefix, subscriber: pipe.bitPattern)
            if !isFirst {
                _ = unsafe subscriptions.remove(prefix: prefix, subscriber: pipe.bitPattern)
            }
        } else {
            _ = unsafe subscriptions.remove(prefix: prefix, subscriber: pipe.bitPattern)
        }
    }

    /// Whether anybody wants exactly this prefix.
    final func isWanted(_ prefix: UnsafeRawBufferPointer) -> Bool {
        unsafe subscriptions.contains(prefix: prefix)
    }

    package func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        guard isManual else {
            throw SocketError(
                .invalidState,
                "the \(socketType) socket's subscriptions are its peers', unless manual")
        }
    }

    package func intake(_ message: consuming Message, from pipe: Pipe) {
        takeSubscriptions(off: &message, from: pipe)
        if !message.isEmpty { pipe.discard(message) }
    }

    /// Takes the frames of a message that are subscriptions, or cancellations (RFC 29); each may be one,
    /// unless the first has to be (`onlyFirstSubscribes`). What is left is a peer's own message.
    final func takeSubscriptions(off message: inout Message, from pipe: Pipe) {
        if onlyFirstSubscribes, !message.withFrame(0, { $0.isSubscription }) { return }
        var rest = Message()
        while let frame = message.removeFirst() {
            guard frame.isSubscription else {
                rest.append(frame)
                continue
            }
            unsafe frame.withUnsafeBytes { bytes in
                unsafe subscription(
                    UnsafeRawBufferPointer(rebasing: bytes[1...]), add: bytes[0] == 1, from: pipe)
            }
            pipe.discard(Message(frame))
        }
        message = rest
    }

    /// In-process peers' subscriptions are taken when there is news.
    package func readable(_ pipe: Pipe) {
        requests.activate(pipe)
        var message = Message()
        while let pipe = requests.receive(into: &message) {
            var taken = Message()
            swap(&taken, &message)
            intake(taken, from: pipe)
        }
    }

    // MARK: Messages

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        let (audience, isSame) = unsafe subscriptions.audience(of: message.firstBytes)
        if invertsMatching || waitsForRoom { return unsafe sendWithCare(message, to: audience) }
        unsafe fanOut.send(message, to: audience, isSame: isSame)
        return .sent
    }

    /// Sends to one peer alone, if it subscribed to the message.
    final func send(_ message: Outgoing, onlyTo pipe: Pipe) -> SendOutcome {
        let (audience, _) = unsafe subscriptions.audience(of: message.firstBytes)
        guard unsafe audience.contains(pipe.bitPattern) else { return .sent }
        fanOut.close()
        if waitsForRoom && pipe.isFull { return .blocked }
        if pipe.hasRoom { pipe.write(message) }
        return .sent
    }

    @inline(never)
    private func sendWithCare(
        _ message: Outgoing, to matching: UnsafeBufferPointer<Int>
    ) -> SendOutcome {
        let audience = unsafe receivers(matching)
        if waitsForRoom, isFull(audience) { return .blocked }
        unsafe audience.withUnsafeBufferPointer {
            unsafe fanOut.send(message, to: $0, isSame: false)
        }
        return .sent
    }

    private func receivers(_ matching: UnsafeBufferPointer<Int>) -> [Int] {
        guard invertsMatching else { return unsafe [Int](matching) }
        let matching = unsafe Set(matching)
        return pipes.map(\.bitPattern).filter { !matching.contains($0) }
    }

    private func isFull(_ audience: [Int]) -> Bool {
        // With the run in the pipes their room is what it is.
        fanOut.close()
        return audience.contains { Pipe(bitPattern: $0)?.isFull ?? false }
    }

    package final func checkRoute(
        _ first: UnsafeRawBufferPointer
    ) throws(SocketError) -> SendOutcome {
        guard waitsForRoom else { return .sent }
        return unsafe isFull(receivers(subscriptions.audience(of: first).0)) ? .blocked : .sent
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        throw SocketError(.notSupported, "\(socketType) sockets cannot receive")
    }

    package func isReadyToSend() -> Bool { true }

    package func isReadyToReceive() -> Bool { false }
}

extension Frame {
    /// Whether it begins with a byte 1 or 0, for "subscribe" and "cancel".
    fileprivate var isSubscription: Bool {
        unsafe withUnsafeBytes { unsafe $0.first.map { $0 <= 1 } ?? false }
    }
}

/// PUB: publishes, and never receives.
package final class Pub: Publisher {
    package init() { super.init(socketType: "PUB", canReceive: false) }

    package override var canConflate: Bool { true }
}
