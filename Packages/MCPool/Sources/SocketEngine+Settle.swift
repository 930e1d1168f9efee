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
        // One that has gone already must not come back to the list.
        guard pipe.pointee.isAttached else { return }
        drained.append(pipe)
        hasWork = true
    }

    /// Tells the socket at the other end of an in-process pipe, if there is one yet. One that comes
    /// later looks for itself.
    func markNotice(_ kind: Notice.Kind, to pipe: Pipe) {
        guard let pair = pipe.pointee.pair, let peer = pipe.pointee.peer,
            let engine = pair.engine(opposite: pipe)
        else { return }
        notices.append(Notice(engine: engine, pair: pair, pipe: peer, kind: kind))
        hasWork = true
    }

    /// Tells the socket at the other end of an in-process pipe that this end is detached. Soon, and not
    /// by the I/O thread: whoever has disconnected finds that nothing is sent to him any more.
    func markCut(_ pair: InprocPair, fromNear isNear: Bool) {
        cuts.append(Cut(pair: pair, isNear: isNear))
        hasWork = true
    }

    /// An end of a pair that is detached.
    struct Cut {
        let pair: InprocPair
        let isNear: Bool
    }

    /// Wakes who waits for a message: one waiter, who wakes the next if more is there; the reader,
    /// when it sleeps in its epoll set; whoever polls the socket's descriptor.
    func wakeReceivers() {
        if isReaderAsleep { pollSet.signal() }
        if let waiter = receiveWaiters.takeFirst() {
            wakes.append(waiter)
            hasWork = true
        }
        raiseSignal()
        if callback != nil { postDelivery() }
    }

    /// A peer's wishes have changed: the pattern may have made a message of it, and whoever waited for
    /// room may find that there is nobody any more who has none.
    func wishesChanged() {
        if pattern.isReadyToReceive() { wakeReceivers() }
        wakeSenders()
    }

    /// Wakes who waits for room: all, each looks for itself.
    func wakeSenders() {
        roomNews &+= 1
        if !sendWaiters.isEmpty {
            wakes.append(contentsOf: sendWaiters.takeAll())
            hasWork = true
        }
        raiseSignal()
    }

    func raiseSignal() {
        if !watchers.isEmpty { raiseWatchers() }
        guard let signal, !isSignalled else { return }
        isSignalled = true
        signal.set()
    }

    /// Lets messages go when the lock is let go: the memory that they adopted is given back by code
    /// of the user's, which may use this very socket.
    func discard(_ messages: [Recovered]) {
        guard !messages.isEmpty else { return }
        discarded += messages
        hasWork = true
    }

    /// Lets the lock go, and does what there is to do.
    @inline(__always)
    func settleAndUnlock() {
        if hasWork { settle() }
        lock.unlock()
    }

    /// Does what there is to do. Lock held; let go in between.
    @inline(never)
    func settle() {
        while hasWork {
            hasWork = false
            if !quietPipes.isEmpty || !fullPipes.isEmpty { askToBeTold() }
            detachDrained()
            flushDirty()
            if wakes.isEmpty && notices.isEmpty && discarded.isEmpty && cuts.isEmpty { continue }
            // Lists in turn, so that telling somebody allocates nothing.
            var wakes = spare.wakes
            var notices = spare.notices
            spare.wakes = []
            spare.notices = []
            swap(&wakes, &self.wakes)
            swap(&notices, &self.notices)
            var discarded: [Recovered] = []
            swap(&discarded, &self.discarded)
            var cuts: [Cut] = []
            swap(&cuts, &self.cuts)
            lock.unlock()
            discarded.removeAll()
            for waiter in wakes { waiter.wake() }
            for notice in notices { notice.engine.receive(notice) }
            for cut in cuts { cut.pair.cut(fromNear: cut.isNear) }
            wakes.removeAll(keepingCapacity: wakes.count <= SpareLists.mostKept)
            notices.removeAll(keepingCapacity: notices.count <= SpareLists.mostKept)
            lock.lock()
            spare.wakes = wakes
            spare.notices = notices
        }
    }

    /// Empty lists with room, to be exchanged for what has been collected.
    struct SpareLists {
        static let mostKept = 64
        var wakes: [Waiter] = []
        var notices: [Notice] = []
        var quiet: [Pipe] = []
        var full: [Pipe] = []
    }

    /// Takes news from the socket at the other end of a pipe.
    private func receive(_ notice: Notice) {
        lock.lock()
        // A closed socket has no in-process pipes; this one may be another socket's by now.
        guard state == .open, notice.pipe.pointee.isAttached else {
            lock.unlock()
            return
        }
        switch notice.kind {
        case .message:
            if notice.pipe.pointee.conflates { notice.pipe.conflateReceived() }
            pattern.readable(notice.pipe)
            wakeReceivers()
            if pattern.takesMessages { wakeSenders() }
        case .room:
            pattern.writable(notice.pipe)
            wakeSenders()
        }
        settleAndUnlock()
    }

    /// Whether nobody will receive from the pipe any more. Lock held.
    func isEmpty(_ pipe: Pipe) -> Bool {
        pipe.pointee.isDismissed || pipe.pointee.received.isEmpty
    }

    private func detachDrained() {
        while let pipe = drained.popLast() {
            guard pipe.pointee.isAttached, !pipe.pointee.isWriting else { continue }
            if isEmpty(pipe) || state != .open { detach(pipe) }
        }
    }
}
