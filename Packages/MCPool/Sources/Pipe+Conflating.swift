import MCMemory

/// Pipes that keep the last message only (ZMQ_CONFLATE): a newer one takes the place of one that has not
/// left, or has not been received.
extension Pipe {
    /// Drops what waits for the kernel, but for what is being written. In-process peers do so for us.
    /// Lock held.
    @inline(never)
    func dropQueued() {
        guard pointee.peer == nil, !pointee.fill.isEmpty else { return }
        let dropped = pointee.fill.takeUnsentMessages()
        pointee.queuedMessages -= dropped.count
        unsafe pointee.engine.discard(dropped)
    }

    /// Puts a message in place of the last. Lock held.
    func keepLatest(_ message: consuming Message) {
        swap(&pointee.latest, &message)
        if !message.isEmpty { discard(message) }
    }

    /// Takes what an in-process peer has sent out of the queue, which would fill up. Lock held.
    func conflateReceived() {
        var message = Message()
        while popReceived(into: &message) {
            var taken = Message()
            swap(&taken, &message)
            keepLatest(taken)
        }
    }

    /// Takes the last message.
    ///
    /// - Returns: false when there is none that has not been taken.
    func takeLatest(into message: inout Message) -> Bool {
        conflateReceived()
        guard !pointee.latest.isEmpty else { return false }
        message = Message()
        swap(&pointee.latest, &message)
        return true
    }
}
