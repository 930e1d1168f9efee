import MCLock
package import MCMemory
import MCQueue

/// Receiving by callback: on the I/O thread, in batches, without the lock.
extension SocketEngine {
    static let messagesPerDelivery = 256

    /// Has `body` called with every message from now on; nil ends it.
    package func setCallback(
        _ body: (@Sendable (borrowing Message) -> Void)?
    ) throws(SocketError) {
        lock.lock()
        do throws(SocketError) {
            if body == nil {
                guard style == .callback else {
                    throw SocketError(.invalidState, "the socket has no callback")
                }
                style = nil
            } else {
                try claim(.callback)
            }
        } catch {
            settleAndUnlock()
            throw error
        }
        // What it has captured goes with it, perhaps a socket: not under the lock.
        let old = callback
        defer { withExtendedLifetime(old) {} }
        callback = body
        returnReading()
        // Without a callback what it has not decoded is the I/O thread's.
        if body != nil { postDelivery() } else if !readyConnections.isEmpty { postBackgroundRead() }
        settleAndUnlock()
    }

    func postDelivery() {
        guard !isDeliveryPosted else { return }
        isDeliveryPosted = true
        ioThread.post { [weak self] in self?.deliver() }
    }

    /// Hands queued messages to the callback; on the I/O thread. After a batch other sockets have
    /// their turn.
    private func deliver() {
        lock.withLock { isDeliveryPosted = false }
        for _ in 0..<SocketEngine.messagesPerDelivery {
            guard deliverNext() else { return }
        }
        lock.lock()
        if pattern.isReadyToReceive() { postDelivery() }
        settleAndUnlock()
    }

    /// A function of its own, so that its hold on the callback, which may be the last, ends without
    /// the lock.
    ///
    /// - Returns: false when there is nothing to hand over.
    private func deliverNext() -> Bool {
        lock.lock()
        var message = Message()
        guard state == .open, let callback, (try? pattern.receive(into: &message)) == true
        else {
            settleAndUnlock()
            return false
        }
        settleAndUnlock()
        callback(message)
        return true
    }
}
