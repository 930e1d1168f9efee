import CMCLinux
import MCLock
import MCQueue

/// The end of a socket: everybody is woken at once; what was sent still goes, within LINGER.
extension SocketEngine {
    /// Ends all use of the socket. Returns when its endpoints are free again; delivery of what was
    /// sent goes on in the background for LINGER.
    ///
    /// - Parameter isTermination: the context closes; waiters are told so.
    package func close(isTermination: Bool = false) {
        lock.lock()
        guard state == .open else {
            lock.unlock()
            return
        }
        state = .lingering
        isContextTerminated = isTermination
        // What it has captured goes with it, perhaps the socket itself: not under the lock.
        let old = callback
        defer { withExtendedLifetime(old) {} }
        callback = nil
        wakes.append(contentsOf: receiveWaiters.takeAll())
        wakes.append(contentsOf: sendWaiters.takeAll())
        hasWork = true
        raiseSignal()
        if isReaderAsleep { pollSet.signal() }
        if !isReading { returnReading() }
        settleAndUnlock()
        ioThread.runAndWait { self.takeDown() }
    }

    /// On the I/O thread.
    private func takeDown() {
        lock.lock()
        let records = endpoints
        endpoints = []
        returnReading()
        lock.unlock()
        for record in records { take(down: record) }
        lock.lock()
        for pipe in pipes {
            if pipe.pointee.pair != nil { detach(pipe) } else { linger(pipe) }
        }
        settleAndUnlock()
        let limit = optionsSnapshot.lingerMilliseconds
        if limit >= 0 {
            let timer = ioThread.addTimer(afterNanoseconds: UInt64(limit) * 1_000_000) {
                [weak self] in
                self?.lingerOver()
            }
            lock.withLock { lingerTimer = timer }
        }
        lock.lock()
        endIfSent()
        settleAndUnlock()
    }

    /// LINGER has passed: what has not left is dropped.
    private func lingerOver() {
        lock.lock()
        isLingerOver = true
        for pipe in pipes where pipe.pointee.pair == nil { drop(pipe) }
        endIfSent()
        settleAndUnlock()
    }

    /// A link that was closed after everything was sent has delivered it.
    func linkDrained() {
        lock.lock()
        drainingLinks -= 1
        endIfSent()
        settleAndUnlock()
    }

    /// LINGER has passed for an endpoint that was disconnected or unbound.
    private func lingerOver(_ reference: PipeReference) {
        lock.lock()
        if reference.pipe.pointee.isAttached { drop(reference.pipe) }
        settleAndUnlock()
    }

    // MARK: One pipe

    /// Sends no more into a stream pipe; it ends when what was sent has left. Lock held.
    ///
    /// - Parameter evenWithoutTime: a LINGER of 0 does not drop what was sent: only the connection is
    ///   closed, not the socket or the endpoint.
    func linger(_ pipe: Pipe, evenWithoutTime: Bool = false) {
        guard pipe.pointee.isAttached, !pipe.pointee.isLingering else { return }
        // Dropping or finishing may detach the pipe, which lets its own hold on the state go.
        let owner = pipe.pointee.owner
        defer { withExtendedLifetime(owner) {} }
        pipe.pointee.isLingering = true
        pipe.pointee.isSendClosed = true
        pattern.closeSending(pipe)
        wakeSenders()
        if canWrite(pipe) { watch(pipe) }
        let limit = options.lingerMilliseconds
        if limit == 0 {
            if !evenWithoutTime { drop(pipe) }
        } else if limit > 0 && pipe.pointee.hasUnsent && state == .open {
            let reference = PipeReference(pipe: pipe, owner: owner)
            ioThread.post { [self] in
                _ = ioThread.addTimer(afterNanoseconds: UInt64(limit) * 1_000_000) { [weak self] in
                    self?.lingerOver(reference)
                }
            }
        }
        finishIfSent(pipe)
    }

    /// Drops what has not left, and the pipe. Lock held.
    private func drop(_ pipe: Pipe) {
        guard pipe.pointee.isAttached else { return }
        if pipe.pointee.isWriting {
            // The writer finds the link broken and finishes the pipe.
            pipe.pointee.isDropped = true
            pipe.pointee.connection?.breakLink()
            return
        }
        discardUnsent(of: pipe)
        finishIfSent(pipe)
    }

    /// An endpoint is not dialled again: it is off the list, and its pipe ends like that of a peer that
    /// went, when what has arrived is received. On the I/O thread.
    func abandon(_ dialer: Dialer) {
        lock.lock()
        defer { settleAndUnlock() }
        endpoints.removeAll { record in
            guard case .dialling(_, let other) = record else { return false }
            return other === dialer
        }
        guard let pipe = dialer.pipe, pipe.pointee.isAttached else { return }
        guard !pipe.pointee.isLingering else {
            drop(pipe)
            return
        }
        pipe.pointee.dialer = nil
        dialer.pipe = nil
        pipe.pointee.isSendClosed = true
        pattern.closeSending(pipe)
        wishesChanged()
        recover(pipe)
        pipe.pointee.isReceiveEnded = true
        if pipe.pointee.received.isEmpty { markDrained(pipe) } else { pattern.readable(pipe) }
    }

    private func discardUnsent(of pipe: Pipe) { discard(pipe.takeUnsent()) }

    /// Ends a lingering pipe when everything has left. Lock held.
    func finishIfSent(_ pipe: Pipe) {
        guard pipe.pointee.isAttached, pipe.pointee.isLingering, !pipe.pointee.isWriting else {
            return
        }
        if pipe.pointee.isDropped { discardUnsent(of: pipe) }
        guard !pipe.pointee.hasUnsent else { return }
        if let dialer = pipe.pointee.dialer {
            pipe.pointee.dialer = nil
            // Before it stops it may finish a handshake, for which there is no pipe any more.
            dialer.pipe = nil
            ioThread.post { dialer.stop() }
        }
        if let connection = pipe.pointee.connection {
            connection.closesGracefully = true
            endSoon(connection)
        } else {
            detach(pipe)
        }
    }

    /// The socket is over when no stream pipe is left, and what they wrote has arrived. Lock held.
    func endIfSent() {
        guard state == .lingering, pipes.isEmpty, drainingLinks == 0 || isLingerOver else { return }
        state = .ended
        let timer = lingerTimer
        lingerTimer = nil
        let ended = onEnd
        onEnd = nil
        ioThread.post { [self] in
            if let timer { ioThread.cancelTimer(timer) }
            lock.withLock { isRegistered = false }
            ioThread.deregister(ioToken, of: pollSet.descriptor, isIntact: !pollSet.isLost)
            endMonitors()
            ended?()
        }
    }

    /// Has `body` called, on the I/O thread, when the socket has ended.
    package func whenEnded(_ body: @escaping @Sendable () -> Void) {
        lock.lock()
        if state == .ended {
            lock.unlock()
            body()
            return
        }
        onEnd = body
        lock.unlock()
    }
}
