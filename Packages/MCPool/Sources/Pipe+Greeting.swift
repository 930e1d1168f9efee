import MCMemory
import MCQueue

/// The first and the last message of a peer, which the socket itself makes.
extension Pipe {
    /// The end of an in-process pipe that belongs to the socket that connected.
    package var isConnectingInproc: Bool { pointee.pair.map { $0.near == self } ?? false }

    /// Whether the peer came to us.
    package var wasAccepted: Bool { pointee.dialer == nil && !isConnectingInproc }

    /// Sends a message of one frame before all that waits, whatever the high-water mark. Lock held, and
    /// no connection there yet; or a pipe in the process to which nothing was sent yet.
    package func writeFirst(_ bytes: [UInt8]) {
        let waiting = pointee.fill.takeUnsentMessages()
        pointee.queuedMessages -= waiting.count
        unsafe bytes.withUnsafeBytes { unsafe write(Outgoing($0)) }
        restore(waiting)
        discard(waiting)
    }

    /// Lets the socket receive a message of one frame behind all that the peer has sent. Lock held, and
    /// the peer gone.
    package func receiveLast(_ bytes: [UInt8]) {
        pointee.received.push(Frame(bytes))
        pointee.received.publish()
        unsafe pointee.engine.pattern.readable(self)
        unsafe pointee.engine.wakeReceivers()
    }
}
