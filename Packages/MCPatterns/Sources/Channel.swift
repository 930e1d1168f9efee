package import MCMemory
package import MCPool

/// CHANNEL: one peer, both ways, messages of one frame (RFC 52).
package final class Channel: Pair {
    package init() { super.init(socketType: "CHANNEL") }

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        try message.requireSingleFrame(on: socketType)
        return try super.send(message)
    }

    package override func receive(into message: inout Message) throws(SocketError) -> Bool {
        fairQueue.receiveSingleFrame(into: &message) != nil
    }
}
