import CMCLinux
import Glibc
import MCCodec
import MCLock
import MCMemory
import MCQueue
import MCTransport
import Synchronization

/// The reader role: one thread at a time reads and decodes for all connections of the socket: a
/// receiver that found nothing queued, or the I/O thread while no receiver is inside.
extension SocketEngine {
    static let eventsPerWait = 64
    /// After so many turns with connections that were known to be ready the others are looked at.
    static let turnsPerLook = 4

    /// Whether a receiver may read for itself. Not when a foreign event loop watches the socket's
    /// descriptor, or a callback waits (somebody must read while no receiver is inside, and tell of
    /// it), and not without streams.
    var canLead: Bool {
        !isReading && signal == nil && callback == nil && streamCount > 0 && isRegistered
    }

    /// Reads as the leader of the receivers: what is ready, or what comes until `deadline`. Lock
    /// held; let go meanwhile.
    ///
    /// - Returns: false when the deadline passed and nothing came.
    func lead(until deadline: UInt64?) -> Bool {
        if readOwner == .ioThread {
            readOwner = .receivers
            _ = cmc_epoll_modify(ioThread.epoll, pollSet.descriptor, 0, ioToken)
        }
        isReading = true
        wasInterrupted = false
        var timeout: Int64 = 0
        if readyConnections.isEmpty {
            timeout = -1
            if let deadline {
                let now = cmc_now_ns()
                timeout = deadline > now ? Int64(clamping: deadline - now) : 0
            }
            if timeout != 0, readWhileLooking(until: deadline) {
                leaveReading()
                return true
            }
            // What has come from others meanwhile may have answers that can leave with those that wait.
            if timeout != 0, streamCount > 1, watched.contains(where: { $0.pointee.hasUnsent }),
                readOnce(timeout: 0, leavesDecoding: true)
            {
                leaveReading()
                return true
            }
            // What there is to do lets the lock go, and a look may leave something to do: until
            // neither is so.
            repeat {
                flushWatched()
                if hasWork { settle() }
                if pattern.isReadyToReceive() || state != .open {
                    leaveReading()
                    return true
                }
            } while hasWork
            isReaderAsleep = true
        }
        let found = readOnce(timeout: timeout, leavesDecoding: true)
        isReaderAsleep = false
        leaveReading()
        return found || timeout < 0
    }

    /// Reads for as long as the option says before the reader sleeps. Lock held and reader role taken;
    /// the lock is let go meanwhile.
    ///
    /// - Returns: whether there was something to read, or there is another reason to look.
    private func readWhileLooking(until deadline: UInt64?) -> Bool {
        let limit = lookout.streamNanoseconds(option: options.spinMicroseconds)
        guard limit > 0 else { return false }
        flushWatched()
        let end = min(cmc_now_ns() + limit, deadline ?? .max)
        repeat {
            if readOnce(timeout: 0, leavesDecoding: true) { return true }
            // Peers in the process have not been asked to tell.
            if takeBackReadable() || pattern.isReadyToReceive() || state != .open { return true }
        } while cmc_now_ns() < end
        return false
    }

    /// One look at the connections: first those known to be ready, else those that epoll names.
    /// Lock held and reader role taken; the lock is let go meanwhile.
    private func readOnce(timeout: Int64, leavesDecoding: Bool) -> Bool {
        // Two lists in turn, so that a turn allocates nothing.
        var ready = spareReady
        spareReady = []
        swap(&ready, &readyConnections)
        for connection in ready {
            connection.readyIndex = -1
            connection.isInTurn = true
            // With the role the decoding is the reader's again. A message that is there stays in
            // sight meanwhile.
            if let pipe = connection.pipe {
                connection.takeDecodingBack(keepingFirst: !leavesDecoding, from: pipe)
            }
        }
        // Those that are ready may be so again and again; the others must not wait for ever.
        turnsWithoutLook = ready.isEmpty ? 0 : turnsWithoutLook + 1
        let looks =
            ready.isEmpty
            || turnsWithoutLook >= SocketEngine.turnsPerLook && streamCount > ready.count
        let timeout = ready.isEmpty ? timeout : 0
        if pollSet.isLost || !stranded.isEmpty { renewSet() }
        var isSetLost = false
        lock.unlock()
        if looks {
            turnsWithoutLook = 0
            unsafe withUnsafeTemporaryAllocation(
                of: cmc_event.self, capacity: SocketEngine.eventsPerWait
            ) { events in
                guard let base = events.baseAddress else { return }
                let count = unsafe cmc_epoll_wait(
                    pollSet.descriptor, base, Int32(events.count), timeout)
                isSetLost = count < 0 && count != -EINTR
                wasInterrupted = count == -EINTR
                for index in 0..<Int(max(0, count)) {
                    let token = unsafe events[index].token
                    guard token != 0 else {
                        pollSet.clear()
                        continue
                    }
                    guard let value = pollSet.value(of: token),
                        let raw = unsafe UnsafeRawPointer(bitPattern: UInt(value))
                    else {
                        // It is another set that was waited in.
                        isSetLost = true
                        continue
                    }
                    // Safe because a connection that ends while somebody reads goes to the
                    // graveyard, which is emptied when the reader leaves.
                    let connection = unsafe Unmanaged<Connection>.fromOpaque(raw)
                        .takeUnretainedValue()
                    if !connection.isInTurn { ready.append(connection) }
                }
            }
        }
        for connection in ready { connection.readTurn(leavesDecoding: leavesDecoding) }
        lock.lock()
        if isSetLost { renewSet() }
        for connection in ready {
            connection.isInTurn = false
            finishTurn(connection)
        }
        let found = !ready.isEmpty
        ready.removeAll(keepingCapacity: ready.count <= SocketEngine.eventsPerWait)
        spareReady = ready
        return found
    }

    /// What a reading turn of one connection leaves to do. Lock held.
    private func finishTurn(_ connection: Connection) {
        guard !connection.isEnded, let pipe = connection.pipe else { return }
        if connection.turnMessages > 0 {
            connection.turnMessages = 0
            if pipe.pointee.isDismissed { dropReceived(of: pipe) }
            pattern.readable(pipe)
        }
        if let error = connection.turnError {
            end(connection, because: error)
            return
        }
        switch connection.turnResult {
        case .waiting: break
        case .more: markReady(connection)
        case .unread:
            unsafe pipe.pointee.unread = connection.decoder
            // For the I/O thread, if the receivers stay away.
            markReady(connection)
            pattern.readable(pipe)
        case .stalled:
            connection.isStalled = true
            ignoreReading(of: connection)
            // Marked while it was being read: nobody may read it now.
            unmarkReady(connection)
            // The consumer may have made room since.
            resumeIfRoom(connection)
        }
    }

    func markReady(_ connection: Connection) {
        guard !connection.isReady else { return }
        connection.readyIndex = readyConnections.count
        readyConnections.append(connection)
    }

    func unmarkReady(_ connection: Connection) {
        let index = connection.readyIndex
        guard index >= 0 else { return }
        connection.readyIndex = -1
        let last = readyConnections.removeLast()
        guard last !== connection else { return }
        readyConnections[index] = last
        last.readyIndex = index
    }

    /// Receivers have decoded what they could. Lock held, nobody reading.
    func selfDecodingEnded(on connection: Connection, _ found: FrameDecoder.Whole) {
        if found == .other {
            connection.needsReader = true
        } else if connection.isDrained {
            // The socket's set tells of more.
            unmarkReady(connection)
            unsafe connection.decoder.pointee.settle()
            return
        }
        if readOwner == .ioThread { postBackgroundRead() }
    }

    /// Lets the reader role go and the next one in. Lock held.
    private func leaveReading() {
        isReading = false
        let ending = pendingEnds
        pendingEnds = []
        for connection in ending { end(connection, because: connection.endReason) }
        let dead = graveyard
        graveyard = []
        if signal != nil {
            returnReading()
            // Who read before there was a descriptor may have found more than it takes.
            if !isSignalled, pattern.isReadyToReceive() { raiseSignal() }
        }
        if state == .open {
            if readOwner == .receivers || hasUnread {
                lastLeave = cmc_now_ns()
                armLease()
            }
            if hasReceiveWaiters { style == .async ? passOn() : wakeReceivers() }
            if !watchers.isEmpty, pattern.isReadyToReceive() { raiseWatchers() }
        }
        if readOwner == .ioThread, readyConnections.contains(where: { !$0.isUnread }) {
            postBackgroundRead()
        }
        withExtendedLifetime(dead) {}
    }

    /// Whether bytes wait for receivers to decode them.
    private var hasUnread: Bool { readyConnections.contains { $0.isUnread } }

    /// A stalled connection goes on when its queue has room again.
    func resumeIfRoom(_ connection: Connection) {
        guard connection.isStalled, !connection.isEnded, let pipe = connection.pipe else { return }
        guard pipe.hasMuchRoomToReceive else { return }
        connection.isStalled = false
        watchReading(of: connection)
        markReady(connection)
        if readOwner == .ioThread { postBackgroundRead() }
    }

    // MARK: In the background

    /// Has the I/O thread read what is known to be ready.
    func postBackgroundRead() {
        guard !isBackgroundReadPosted else { return }
        isBackgroundReadPosted = true
        ioThread.post { [weak self] in
            guard let self else { return }
            self.lock.withLock { self.isBackgroundReadPosted = false }
            self.readInBackground()
        }
    }

    /// Reads for a socket on which nobody receives at the moment; on the I/O thread.
    func readInBackground() {
        lock.lock()
        guard readOwner == .ioThread, !isReading, state != .ended else {
            lock.unlock()
            return
        }
        isReading = true
        // Left to those who are about to receive; but who lets it lie loses it to us, for a PING or
        // the end of the peer may stand behind it.
        _ = readOnce(
            timeout: 0,
            leavesDecoding: callback != nil || (hasReceiveWaiters && !isLeaseOver))
        isLeaseOver = false
        leaveReading()
        if state == .open, pattern.isReadyToReceive() { wakeReceivers() }
        settleAndUnlock()
    }

    /// Puts the reading back to the I/O thread. Lock held.
    func returnReading() {
        guard readOwner == .receivers else { return }
        readOwner = .ioThread
        if isRegistered {
            _ = cmc_epoll_modify(ioThread.epoll, pollSet.descriptor, CMC_POLL_IN, ioToken)
        }
        if !readyConnections.isEmpty { postBackgroundRead() }
    }

    /// A poller that was to read has gone. Lock held.
    func pollerLeft() {
        guard state == .open, readOwner == .receivers, !isReading else { return }
        lastLeave = cmc_now_ns()
        armLease()
    }

    /// Sees to it that the I/O thread takes over when receivers stay away. Lock held.
    private func armLease() {
        guard !isLeaseTimerSet else { return }
        isLeaseTimerSet = true
        ioThread.post { [weak self] in self?.startLeaseTimer() }
    }

    private func startLeaseTimer() {
        _ = ioThread.addTimer(afterNanoseconds: SocketEngine.leaseNanoseconds) { [weak self] in
            self?.checkLease()
        }
    }

    private func checkLease() {
        lock.lock()
        isLeaseTimerSet = false
        let hasUnread = hasUnread
        // While a receiver or a poller is inside it reads; the timer is set again when it leaves.
        if !isReading, sleepingPollers == 0,
            readOwner == .receivers || (hasUnread && callback == nil)
        {
            let limit =
                hasUnread ? SocketEngine.unreadNanoseconds : SocketEngine.leaseNanoseconds / 2
            if cmc_now_ns() &- lastLeave < limit {
                isLeaseTimerSet = true
                startLeaseTimer()
            } else {
                isLeaseOver = true
                if readOwner == .receivers { returnReading() } else { postBackgroundRead() }
            }
        }
        settleAndUnlock()
    }
}

extension SocketEngine: EventHandler {
    /// The socket's set has news and the reading is the I/O thread's.
    func handle(events: UInt32) { readInBackground() }
}
