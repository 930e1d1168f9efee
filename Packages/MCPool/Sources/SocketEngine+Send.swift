import CMCLinux
import MCLock
import MCMemory
import MCQueue

extension SocketEngine {
    /// As `send(_:waits:)`, for one frame with a copy of `bytes`.
    ///
    /// - Throws: also `outOfMemory`.
    public func send(bytes: UnsafeRawBufferPointer, waits: Bool) throws(SocketError) {
        if bytes.count < OutBuffer.gatherBytes {
            try unsafe send(Outgoing(bytes), waits: waits)
        } else {
            try unsafe sendLarge(bytes, waits: waits)
        }
    }

    /// One copy, made without the lock and shared by all pipes.
    @inline(never)
    private func sendLarge(
        _ bytes: UnsafeRawBufferPointer, waits: Bool
    ) throws(SocketError) {
        let message = try unsafe Message(copyOf: bytes)
        try Outgoing.withMessage(message) { message throws(SocketError) in
            try send(message, waits: waits)
        }
    }

    /// As `send(bytes:waits:)`, of what somebody takes at once: the short way, without an error.
    ///
    /// - Returns: false where `send(bytes:waits:)` is to be asked; nothing was sent.
    package func sendAtOnce(bytes: UnsafeRawBufferPointer, waits: Bool) -> Bool {
        guard bytes.count < OutBuffer.gatherBytes else { return false }
        lock.lock()
        if unsafe sendPlainly(Outgoing(bytes), waits: waits) { return true }
        settleAndUnlock()
        return false
    }

    /// Queues a message with the next peer that has room. Lock held; let go where it was sent.
    @inline(__always)
    private func sendPlainly(_ message: Outgoing, waits: Bool) -> Bool {
        guard state == .open, let plainBalancer, plainBalancer.send(message) else { return false }
        if hasWork && waits { flushDirty(paces: true) }
        settleAndUnlock()
        return true
    }

    /// Queues a message, whole, and writes it when the pipe is idle.
    ///
    /// - Parameter waits: false for DONTWAIT; else SNDTIMEO says how long to wait for room.
    /// - Throws: `wouldBlock`, `timedOut`, `closed`, `terminated`, and what the pattern throws;
    ///   the message was not queued then.
    @inline(__always)
    package func send(_ message: Outgoing, waits: Bool) throws(SocketError) {
        lock.lock()
        if sendPlainly(message, waits: waits) { return }
        try sendByPattern(message, waits: waits)
    }

    /// Lock held; let go at the end.
    @inline(never)
    private func sendByPattern(_ message: Outgoing, waits: Bool) throws(SocketError) {
        guard state == .open else {
            lock.unlock()
            throw closedError()
        }
        let outcome: SendOutcome
        do throws(SocketError) {
            outcome = try pattern.send(message)
        } catch {
            settleAndUnlock()
            throw error
        }
        if outcome == .sent {
            if hasWork && waits { flushDirty(paces: true) }
            settleAndUnlock()
            return
        }
        try sendSlow(message, waits: waits)
    }

    /// Returns when a message that begins with `first` would be taken; for users who send their messages
    /// frame by frame, and learn with the first whether the whole will go.
    ///
    /// - Throws: as `send`.
    package func prepareToSend(
        _ first: UnsafeRawBufferPointer, waits: Bool
    ) throws(SocketError) {
        lock.lock()
        guard state == .open else {
            lock.unlock()
            throw closedError()
        }
        try attempt(waits: waits) { () throws(SocketError) in try unsafe pattern.checkRoute(first) }
    }

    /// Waits for room. Lock held; let go at the end.
    @inline(never)
    private func sendSlow(_ message: Outgoing, waits: Bool) throws(SocketError) {
        try attempt(waits: waits) { () throws(SocketError) in try pattern.send(message) }
    }

    /// Tries again and again, as long as the caller waits. Lock held; let go at the end.
    private func attempt(
        waits: Bool, _ send: () throws(SocketError) -> SendOutcome
    ) throws(SocketError) {
        let timeout = options.sendTimeoutMilliseconds
        do throws(SocketError) {
            // What is in the way may be waiting for the flusher: write it here and now.
            flushWatched()
            guard state == .open else { throw closedError() }
            if try send() == .sent {
                settleAndUnlock()
                return
            }
            guard waits, timeout != 0 else { throw noRoom(.wouldBlock, "") }
            let deadline = timeout < 0 ? nil : cmc_now_ns() + UInt64(timeout) * 1_000_000
            while true {
                var interrupted: Bool? = options.isInterruptible ? false : nil
                let isOver = !waitForRoom(until: deadline, interrupted: &interrupted)
                guard state == .open else { throw closedError() }
                if try send() == .sent { break }
                if interrupted == true { throw interruptedError() }
                if isOver { throw noRoom(.timedOut, " within \(timeout) ms") }
            }
        } catch {
            settleAndUnlock()
            throw error
        }
        settleAndUnlock()
    }

    private func noRoom(_ code: SocketError.Code, _ when: String) -> SocketError {
        let why =
            pipes.isEmpty
            ? "no peer is connected" : "every peer is at its high-water mark, or not connected"
        return SocketError(code, "the \(pattern.socketType) socket cannot send\(when): \(why)")
    }

    /// Sleeps until a pipe has room. Lock held; let go meanwhile.
    ///
    /// - Returns: false when the deadline passed first.
    private func waitForRoom(until deadline: UInt64?, interrupted: inout Bool?) -> Bool {
        // News that comes meanwhile finds nobody to be woken; but the last look is under the lock.
        let seen = roomNews
        if !fullPipes.isEmpty,
            lookOn(until: deadline, for: { takeBackWritable() || roomNews != seen })
        {
            return true
        }
        let waiter = Waiter()
        sendWaiters.append(waiter)
        settleAndUnlock()
        let wasWoken = waiter.sleep(until: deadline, interrupted: &interrupted)
        lock.lock()
        if !wasWoken { return !sendWaiters.remove(waiter) }
        return true
    }
}
