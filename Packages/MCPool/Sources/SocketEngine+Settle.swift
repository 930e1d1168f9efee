import CMCLinux
import MCLock
import MCQueue

/// What a change of state leaves to do, collected under the lock and done before it is let go, or
/// right after: writing, waking, telling in-process peers.
extension SocketEngine {
    func markDirty(_ pipe: Pipe) {
        guard !pipe.pointee.isDirty else { return }
        pipe.pointee.isDirty = true
        dirty.append(pipe)
        hasWork = true
    }

    func markDrained(_ pipe: Pipe) {
        drained.append(pipe)
        hasWork = true
    }

    func markNotify(_ pipe: Pipe) {
        guard let pair = pipe.pointee.pair, let peer = pipe.pointee.peer else { return }
        notices.append(Notice(pair: pair, pipe: peer, kind: .message))
        hasWork = true
    }

    func markRoom(_ pipe: Pipe) {
        guard let pair = pipe.pointee.pair, let peer = pipe.pointee.peer else { return }
        notices.append(Notice(pair: pair, pipe: peer, kind: .room))
        hasWork = true
    }

    /// Wakes who waits for a message: one waiter, who wakes the next if more is there; the reader,
    /// when it sleeps in its epoll set; whoever polls the socket's descriptor.
    func wakeReceivers() {
        if isReaderAsleep { cmc_eventfd_signal(wakeDescriptor) }
        if let waiter = receiveWaiters.takeFirst() {
            wakes.append(waiter)
            hasWork = true
        }
        raiseSignal()
        if callback != nil { postDelivery() }
    }

    /// Wakes who waits for room: all, each looks for itself.
    func wakeSenders() {
        if !sendWaiters.isEmpty {
            wakes.append(contentsOf: sendWaiters.takeAll())
            hasWork = true
        }
        raiseSignal()
    }

    func raiseSignal() {
        guard let signal, !isSignalled else { return }
        isSignalled = true
        signal.set()
    }

    /// Lets the lock go, and does what there is to do.
    @inline(__always)
    func settleAndUnlock() {
        if hasWork {
            settleSlow()
        } else {
            lock.unlock()
        }
    }

    @inline(never)
    private func settleSlow() {
        while hasWork {
            hasWork = false
            detachDrained()
            flushDirty()
            let wakes = self.wakes
            let notices = self.notices
            if wakes.isEmpty && notices.isEmpty { continue }
            self.wakes = []
            self.notices = []
            lock.unlock()
            for waiter in wakes { waiter.wake() }
            for notice in notices { unsafe notice.pipe.pointee.engine.receive(notice) }
            lock.lock()
        }
        lock.unlock()
    }

    /// Takes news from the socket at the other end of a pipe.
    private func receive(_ notice: Notice) {
        lock.lock()
        guard notice.pipe.pointee.isAttached else {
            lock.unlock()
            return
        }
        switch notice.kind {
        case .message:
            pattern.readable(notice.pipe)
            wakeReceivers()
        case .room:
            pattern.writable(notice.pipe)
            wakeSenders()
        }
        settleAndUnlock()
    }

    private func detachDrained() {
        while let pipe = drained.popLast() {
            guard pipe.pointee.isAttached, !pipe.pointee.isWriting else { continue }
            if pipe.pointee.received.isEmpty || state != .open { detach(pipe) }
        }
    }
}
