package import MCMemory
package import MCPool

/// PUB: sends each message to every peer that subscribed to a prefix of it (RFC 29). A peer whose
/// pipe is full misses the message; the others do not wait for it. Never receives.
package final class Pub: Pattern {
    package let socketType = "PUB"
    package let canSend = true
    package let canReceive = false
    private var pipes: [Pipe] = []
    /// What in-process peers send: subscriptions in the form of messages.
    private let requests = FairQueue.create()
    private var subscriptions = SubscriptionTree()
    private let fanOut = FanOut.create()

    package init() {}

    deinit {
        requests.destroy()
        fanOut.destroy()
    }

    /// Subscriptions come as messages from ZMTP 3.0 peers and from sockets of this process.
    package var takesMessages: Bool { true }

    package func attach(_ pipe: Pipe) -> Bool {
        pipe.pointee.sendIndex = pipes.count
        pipes.append(pipe)
        requests.add(pipe)
        return true
    }

    package func disconnected(_ pipe: Pipe) {
        fanOut.close()
        subscriptions.removeAll(subscriber: pipe.bitPattern)
    }

    package func closeSending(_ pipe: Pipe) { fanOut.close() }

    package func detach(_ pipe: Pipe) {
        fanOut.close()
        requests.remove(pipe)
        subscriptions.removeAll(subscriber: pipe.bitPattern)
        let index = pipe.pointee.sendIndex
        guard index >= 0 else { return }
        pipes.swapAt(index, pipes.count - 1)
        pipes[index].pointee.sendIndex = index
        pipes.removeLast()
        pipe.pointee.sendIndex = -1
    }

    package func subscription(
        _ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe
    ) {
        let subscriber = pipe.bitPattern
        if add {
            _ = unsafe subscriptions.add(prefix: prefix, subscriber: subscriber)
        } else {
            _ = unsafe subscriptions.remove(prefix: prefix, subscriber: subscriber)
        }
    }

    package func intake(_ message: consuming Message, from pipe: Pipe) {
        message.withFrame(0) { frame in
            unsafe frame.withUnsafeBytes { bytes in
                guard let first = unsafe bytes.first, first <= 1 else { return }
                unsafe subscription(
                    UnsafeRawBufferPointer(rebasing: bytes[1...]), add: first == 1, from: pipe)
            }
        }
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

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        let (audience, isSame) = unsafe subscriptions.audience(of: message.firstBytes)
        unsafe fanOut.send(message, to: audience, isSame: isSame)
        return .sent
    }

    package func isReadyToSend() -> Bool { true }
}
