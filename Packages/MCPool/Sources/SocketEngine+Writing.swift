import CMCLinux
import Glibc
import MCLock
import MCQueue
import MCTransport
import Synchronization

/// The writer role: the sender writes an idle pipe, the flusher one in a burst, the I/O thread one
/// whose peer is slow.
extension SocketEngine {
    /// A kilobyte of them, which Swift puts on the stack; more it would allocate.
    static let vectorsPerWrite = 64
    /// Two segments of the loopback interface. More at once only waits: the receiver could be reading
    /// the first ones meanwhile, while they are in a cache that both processors share; and a segment
    /// that is all but empty costs as much as a full one.
    static let bytesPerWrite = 2 * 65_483
    /// What one turn writes at most before it looks at the lock again.
    static let bytesPerTurn = 4 << 20
    /// From so many queued bytes on a sender waits for the kernel, for so long.
    static let pacedBytes = 128 << 10
    static let paceNanoseconds: Int64 = 2_000_000
    /// How often in a row the flusher leaves a socket alone that is being written.
    static let mostSkippedTicks = 3

    func canWrite(_ pipe: Pipe) -> Bool {
        guard let connection = pipe.pointee.connection, !connection.isBroken else { return false }
        return !pipe.pointee.isWriting && !pipe.pointee.isBlocked && pipe.pointee.hasUnsent
    }

    /// Writes, or has written soon, what was appended to idle pipes. Lock held; let go in between.
    ///
    /// - Parameter paces: see `writeTurn`.
    func flushDirty(paces: Bool = false) {
        if openFanOut != nil { flushOrWatchFanOut() }
        while let pipe = dirty.popLast() {
            pipe.pointee.isDirty = false
            // Much is waiting for the kernel: a sender that may wait takes over from the I/O thread.
            let takesOver = paces && pipe.pointee.isBlocked && shouldPace(pipe)
            if takesOver { pipe.pointee.isBlocked = false }
            let isDue = pipe.pointee.isDue
            // Who is writing it now goes on with what is due.
            if !pipe.pointee.isWriting { pipe.pointee.isDue = false }
            guard canWrite(pipe) else { continue }
            if !isDue, !takesOver, pipe.pointee.fill.byteCount < SocketEngine.flushBytes,
                cmc_now_ns() &- lastTurn.load(ordering: .relaxed) < SocketEngine.burstNanoseconds
            {
                watch(pipe)
            } else {
                writeTurn(pipe, paces: paces)
            }
        }
    }

    /// Writes everything that waits for the flusher: the caller is about to sleep, and an answer
    /// may depend on it. Lock held; let go in between.
    func flushWatched() {
        if let run = openFanOut {
            run.close(isDue: true)
            flushDirty()
        }
        var index = 0
        while index < watched.count {
            let pipe = watched[index]
            if canWrite(pipe) { writeTurn(pipe) }
            // The lock was let go: the list may have changed, and the pipe have gone.
            if index < watched.count, watched[index] == pipe { index += 1 }
        }
    }

    func watch(_ pipe: Pipe) {
        guard !pipe.pointee.isWatched else { return }
        pipe.pointee.isWatched = true
        pipe.pointee.quietTicks = 0
        watched.append(pipe)
        hasWatched.store(true, ordering: .relaxed)
        startTicking()
    }

    func startTicking() {
        guard !isTicking else { return }
        isTicking = true
        ioThread.watch(self)
    }

    /// What the flusher found at the socket.
    enum Tick {
        /// Somebody has written since the last look.
        case busy
        case quiet
        /// Nothing has been sent for some ticks: it need not come again.
        case over
    }

    /// The flusher's look at the socket, every tick of the I/O thread.
    func tick() -> Tick {
        let leavesRun = leavesFanOut()
        let turn = lastTurn.load(ordering: .relaxed)
        let found: Tick = turn == seenTurn ? .quiet : .busy
        seenTurn = turn
        if leavesRun, !hasWatched.load(ordering: .relaxed) { return found }
        // Who is writing, or has just written, will write again: to look would cost it the lock. But
        // not for long, for another pipe may be waiting.
        if skippedTicks < SocketEngine.mostSkippedTicks,
            turnsUnderWay.load(ordering: .relaxed) > 0
                || cmc_now_ns() &- turn < UInt64(IOThread.shortestTick)
        {
            skippedTicks += 1
            return found
        }
        skippedTicks = 0
        lock.lock()
        if !leavesRun { openFanOut?.close(isDue: true) }
        var index = 0
        while index < watched.count {
            let pipe = watched[index]
            if canWrite(pipe) {
                pipe.pointee.quietTicks = 0
                writeTurn(pipe)
                // The list may have changed while the lock was let go.
                guard index < watched.count, watched[index] == pipe else { continue }
            } else {
                pipe.pointee.quietTicks += 1
                if pipe.pointee.quietTicks > 10 {
                    pipe.pointee.isWatched = false
                    watched.swapAt(index, watched.count - 1)
                    watched.removeLast()
                    continue
                }
            }
            index += 1
        }
        if watched.isEmpty { hasWatched.store(false, ordering: .relaxed) }
        let goesOn = !watched.isEmpty || openFanOut != nil || quietFanOutTicks <= 10
        if !goesOn { isTicking = false }
        settleAndUnlock()
        return goesOn ? found : .over
    }

    /// Takes the writer role and writes until all is written or the kernel takes no more. Lock
    /// held; let go while writing.
    ///
    /// - Parameter paces: the caller is a sender that may wait. When the kernel is full and much is
    ///   queued it waits a moment for room, and writes on: queueing more, up to a high-water mark of
    ///   a thousand large messages, would only move the data out of the caches. A peer that takes
    ///   nothing meanwhile is not waited for again before it does.
    /// - Parameter leavesFill: what was appended meanwhile is left to its sender, or the flusher.
    func writeTurn(_ pipe: Pipe, paces: Bool = false, leavesFill: Bool = false) {
        guard let connection = pipe.pointee.connection, let owner = pipe.pointee.owner else {
            return
        }
        pipe.pointee.isWriting = true
        countTurns(+1)
        while true {
            if pipe.flight.isEmpty { pipe.pointee.launch() }
            lock.unlock()
            let turn = write(pipe, to: connection)
            lock.lock()
            if turn.bytes > 0 { credit(pipe, turn) }
            switch turn.outcome {
            case .drained:
                lastTurn.store(cmc_now_ns(), ordering: .relaxed)
                let isDue = pipe.pointee.isDue
                pipe.pointee.isDue = false
                if isDue || (!leavesFill && pipe.pointee.fill.byteCount >= SocketEngine.flushBytes),
                    !connection.isBroken
                {
                    continue
                }
                pipe.pointee.isWriting = false
                if !pipe.pointee.fill.isEmpty { watch(pipe) }
            case .blocked:
                if paces, shouldPace(pipe) {
                    if waitInKernel(for: connection) { continue }
                    pipe.pointee.isUnpaced = true
                }
                pipe.pointee.isWriting = false
                if !connection.isBroken {
                    pipe.pointee.isBlocked = true
                    connection.waitForRoom()
                }
            case .turnOver:
                if !connection.isBroken { continue }
                pipe.pointee.isWriting = false
            case .failed:
                pipe.pointee.isWriting = false
                connection.breakLink()
                // Nobody reads a stalled connection, and nobody will make room for what it brings.
                if connection.isStalled, pipe.pointee.isLingering { endSoon(connection) }
            }
            break
        }
        countTurns(-1)
        if connection.isEnded {
            recover(pipe)
            if pipe.pointee.isReceiveEnded { markDrained(pipe) }
        }
        if pipe.pointee.isLingering { finishIfSent(pipe) }
        withExtendedLifetime(owner) {}
    }

    /// Lock held: only those who look do not have it.
    private func countTurns(_ change: Int) {
        turnsUnderWay.store(
            turnsUnderWay.load(ordering: .relaxed) + change, ordering: .relaxed)
    }

    private func shouldPace(_ pipe: Pipe) -> Bool {
        // With several peers the others would wait, too.
        pipes.count == 1 && !pipe.pointee.isUnpaced && state == .open
            && pipe.flight.byteCount + pipe.pointee.fill.byteCount >= SocketEngine.pacedBytes
    }

    /// Waits a moment for room in the kernel. Lock held; let go meanwhile.
    private func waitInKernel(for connection: Connection) -> Bool {
        let descriptor = connection.link.descriptor
        lock.unlock()
        let ready = cmc_poll_one(descriptor, CMC_POLL_OUT, SocketEngine.paceNanoseconds)
        lock.lock()
        return ready > 0 && !connection.isBroken
    }

    private enum WriteOutcome {
        case drained
        case blocked
        case turnOver
        case failed
    }

    private struct Written {
        /// Messages that are with the kernel whole now.
        let messages: Int
        let bytes: Int
        /// Why it stopped.
        let outcome: WriteOutcome
    }

    /// Writes `flight`; without the lock, as the holder of the writer role.
    private func write(_ pipe: Pipe, to connection: Connection) -> Written {
        var messages = 0
        var bytes = 0
        let outcome = unsafe withUnsafeTemporaryAllocation(
            of: iovec.self, capacity: SocketEngine.vectorsPerWrite
        ) { vectors -> WriteOutcome in
            guard let base = vectors.baseAddress else { return .failed }
            while !pipe.flight.isEmpty {
                if bytes > SocketEngine.bytesPerTurn { return .turnOver }
                let count = unsafe pipe.flight.vectors(
                    base, capacity: vectors.count, mostBytes: SocketEngine.bytesPerWrite)
                switch unsafe connection.link.write(base, count: count) {
                case .bytes(let written):
                    bytes += written
                    messages += pipe.flight.didWrite(written)
                case .wouldBlock:
                    return .blocked
                case .end, .failed:
                    return .failed
                }
            }
            return .drained
        }
        return Written(messages: messages, bytes: bytes, outcome: outcome)
    }

    private func credit(_ pipe: Pipe, _ written: Written) {
        let wasFull = pipe.isFull
        pipe.pointee.launchedBytes -= written.bytes
        pipe.pointee.queuedMessages -= written.messages
        pipe.pointee.sentMessages += written.messages
        // Part of a message makes room only where bytes count.
        guard written.messages > 0 || pipe.pointee.sendByteMark != 0 else { return }
        pipe.pointee.isUnpaced = false
        if wasFull || !sendWaiters.isEmpty {
            if pipe.pointee.isAttached { pattern.writable(pipe) }
            wakeSenders()
        }
    }

    /// The kernel has room again; on the I/O thread.
    func roomInKernel(for connection: Connection) {
        lock.lock()
        if let pipe = connection.pipe, pipe.pointee.connection === connection,
            pipe.pointee.isBlocked
        {
            pipe.pointee.isBlocked = false
            // The sender has its role back as soon as possible: only it can wait before it sends more.
            if canWrite(pipe) { writeTurn(pipe, leavesFill: true) }
        }
        settleAndUnlock()
    }
}
