import CMCLinux
import MCLock
public import MCMemory
import MCQueue

/// Polling: receive in the calling thread.
extension SocketEngine {
    /// Takes the next message into `message`, whose frames go; reads the socket's connections itself
    /// when nothing is queued.
    ///
    /// - Parameter waits: false for DONTWAIT; else RCVTIMEO says how long.
    /// - Throws: `wouldBlock`, `timedOut`, `closed`, `terminated`, `mixedReceiveStyles`, and what
    ///   the pattern throws.
    public func receive(into message: inout Message, waits: Bool) throws(SocketError) {
        message.releasePayloads()
        lock.lock()
        if style == .polling, state == .open, let plainQueue,
            plainQueue.receive(into: &message) != nil
        {
            didReceive()
            settleAndUnlock()
            return
        }
        try receiveByPattern(into: &message, waits: waits)
    }

    /// Takes a message of one frame that is there to memory that holds nothing that is owned: the short
    /// way, without a message around the frame, an error, or a look at the connections.
    ///
    /// - Returns: false where `receive(into:waits:)` is to be asked; the memory is as it was.
    package func receiveQueued(to place: UnsafeMutablePointer<Frame>) -> Bool {
        lock.lock()
        guard style == .polling, state == .open, let plainQueue,
            unsafe plainQueue.receiveWhole(to: place)
        else {
            settleAndUnlock()
            return false
        }
        didReceive()
        settleAndUnlock()
        return true
    }

    /// Lock held; let go at the end.
    @inline(never)
    private func receiveByPattern(
        into message: inout Message, waits: Bool
    ) throws(SocketError) {
        do throws(SocketError) {
            try claim(.polling)
            if try !receiveOrLook(&message, waits: waits) {
                try receiveSlow(&message, waits: waits)
            }
        } catch {
            settleAndUnlock()
            throw error
        }
        settleAndUnlock()
    }

    /// Lock held. Takes a message that is queued.
    private func receiveOrLook(
        _ message: inout Message, waits: Bool
    ) throws(SocketError) -> Bool {
        guard state == .open else { throw closedError() }
        guard try pattern.receive(into: &message) else { return false }
        didReceive()
        return true
    }

    @inline(__always)
    func didReceive() {
        if hasReceiveWaiters { passOn() }
        clearSignalIfIdle()
    }

    /// More may be there for the next receiver.
    @inline(never)
    func passOn() {
        if pattern.isReadyToReceive() {
            wakeReceivers()
        } else if !isReading && readOwner == .receivers {
            // A thread that waits reads on, a task leaves that to the I/O thread.
            if style == .async { returnReading() } else { wakeReceivers() }
        }
    }

    @inline(never)
    private func receiveSlow(_ message: inout Message, waits: Bool) throws(SocketError) {
        let timeout = options.receiveTimeoutMilliseconds
        if !waits || timeout == 0 {
            // One look at what is there already; never sleeps.
            if canLead {
                lookOnce()
                if try receiveOrLook(&message, waits: false) { return }
            }
            throw SocketError(.wouldBlock, "no message for the \(pattern.socketType) socket")
        }
        let deadline = timeout < 0 ? nil : cmc_now_ns() + UInt64(timeout) * 1_000_000
        while true {
            var isOver = false
            var interrupted: Bool? = options.isInterruptible ? false : nil
            if canLead {
                isOver = !lead(until: deadline)
                if interrupted != nil { interrupted = wasInterrupted }
            } else {
                if !isReading { returnReading() }
                isOver = !follow(until: deadline, interrupted: &interrupted)
            }
            if try receiveOrLook(&message, waits: true) { return }
            if interrupted == true { throw interruptedError() }
            if let deadline, isOver, cmc_now_ns() >= deadline {
                throw SocketError(
                    .timedOut,
                    "no message for the \(pattern.socketType) socket within \(timeout) ms")
            }
        }
    }

    /// Reads what is there, and decodes enough of it to know whether there is a message. Lock held;
    /// let go meanwhile.
    func lookOnce() {
        _ = lead(until: 0)
        if !pattern.isReadyToReceive(), canLead, !readyConnections.isEmpty { _ = lead(until: 0) }
    }

    /// Sleeps until somebody else has read something. Lock held; let go meanwhile.
    ///
    /// - Returns: false when the deadline passed first.
    private func follow(until deadline: UInt64?, interrupted: inout Bool?) -> Bool {
        flushWatched()
        // That lets the lock go: who was reading may have left.
        if pattern.isReadyToReceive() || state != .open || canLead { return true }
        // News that comes meanwhile finds nobody to be woken; but the last look is under the lock.
        if !quietPipes.isEmpty,
            lookOn(until: deadline, for: { takeBackReadable() || pattern.isReadyToReceive() })
                || canLead
        {
            return true
        }
        let waiter = Waiter()
        receiveWaiters.append(waiter)
        settleAndUnlock()
        let wasWoken = waiter.sleep(until: deadline, interrupted: &interrupted)
        lock.lock()
        if !wasWoken { return !receiveWaiters.remove(waiter) }
        return true
    }

    /// The first way to receive that is used is the only one. Lock held.
    @inline(__always)
    func claim(_ wanted: ReceiveStyle) throws(SocketError) {
        if style != wanted { try claimFirst(wanted) }
    }

    @inline(never)
    private func claimFirst(_ wanted: ReceiveStyle) throws(SocketError) {
        guard pattern.canReceive else {
            throw SocketError(.notSupported, "\(pattern.socketType) sockets cannot receive")
        }
        guard state == .open else { throw closedError() }
        if let style {
            throw SocketError(
                .mixedReceiveStyles,
                "this \(pattern.socketType) socket is received from by \(style.description); "
                    + "\(wanted.description) cannot be mixed with it on one socket")
        }
        style = wanted
    }
}
