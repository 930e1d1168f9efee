import CMCLinux
import MCLock
public import MCMemory
import MCQueue

/// Receiving and sending in tasks: try first, suspend only when there is nothing, one resume for
/// many messages.
extension SocketEngine {
    /// Takes the next message; suspends while there is none.
    ///
    /// - Throws: as `receive(waits:)`, and `cancelled` when the task is; no message is lost then.
    ///
    /// - Parameter timesOut: false for a receive that RCVTIMEO does not end.
    public func receiveAsync(
        timesOut: Bool = true
    ) async throws(SocketError) -> Message {
        var message = Message()
        var deadline: UInt64?
        while true {
            if try takeForTask(into: &message) { return message }
            if deadline == nil && timesOut {
                let timeout = optionsSnapshot.receiveTimeoutMilliseconds
                if timeout >= 0 { deadline = cmc_now_ns() + UInt64(timeout) * 1_000_000 }
            }
            switch await suspend(for: .receiving, until: deadline) {
            case .signalled: continue
            case .timedOut:
                throw SocketError(
                    .timedOut, "no message for the \(pattern.socketType) socket in time")
            case .cancelled:
                throw SocketError(.cancelled, "the receiving task was cancelled")
            }
        }
    }

    /// Takes a message if one is there; never waits. For tasks that would not be suspended: an
    /// asynchronous call costs more than a message.
    ///
    /// - Returns: false when there is none.
    public func takeForTask(into message: inout Message) throws(SocketError) -> Bool {
        message.releasePayloads()
        lock.lock()
        if style == .async, state == .open, let plainQueue,
            plainQueue.receive(into: &message) != nil
        {
            didReceive()
            settleAndUnlock()
            return true
        }
        return try takeByPattern(into: &message)
    }

    /// Lock held; let go at the end.
    @inline(never)
    private func takeByPattern(into message: inout Message) throws(SocketError) -> Bool {
        do throws(SocketError) {
            try claim(.async)
            guard state == .open else { throw closedError() }
            if try !pattern.receive(into: &message) {
                // The task reads for itself, as a thread does, and hands the reading back only when
                // it is suspended.
                if canLead { lookOnce() }
                guard state == .open else { throw closedError() }
                guard try pattern.receive(into: &message) else {
                    settleAndUnlock()
                    return false
                }
            }
        } catch {
            settleAndUnlock()
            throw error
        }
        didReceive()
        settleAndUnlock()
        return true
    }

    /// Queues a message; suspends while no peer has room.
    package func sendAsync(_ message: consuming Message) async throws(SocketError) {
        if try sendNow(message) { return }
        let timeout = optionsSnapshot.sendTimeoutMilliseconds
        let deadline = timeout < 0 ? nil : cmc_now_ns() + UInt64(timeout) * 1_000_000
        while true {
            // What a socket says of room in general tells nothing of room for this message.
            let seen = lock.withLock { roomNews }
            if try sendNow(message) { return }
            switch await suspend(for: .sending(since: seen), until: deadline) {
            case .signalled: continue
            case .timedOut:
                throw SocketError(
                    .timedOut, "no room for a message of the \(pattern.socketType) socket in time")
            case .cancelled:
                throw SocketError(.cancelled, "the sending task was cancelled")
            }
        }
    }

    private func sendNow(_ message: borrowing Message) throws(SocketError) -> Bool {
        do throws(SocketError) {
            try Outgoing.withMessage(message) { message throws(SocketError) in
                try send(message, waits: false)
            }
            return true
        } catch {
            if error.code == .wouldBlock { return false }
            throw error
        }
    }

    private enum Direction {
        case receiving
        /// `roomNews` before the attempt that failed.
        case sending(since: UInt)
    }

    private func suspend(
        for direction: Direction, until deadline: UInt64?
    ) async -> WakeReason {
        let slot = WaiterSlot()
        return await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                let waiter = unsafe Waiter(continuation, until: deadline)
                park(waiter, in: slot, for: direction, until: deadline)
            }
        } onCancel: {
            self.cancel(slot, direction: direction)
        }
    }

    /// Where the cancellation handler finds the waiter; guarded by the engine's lock.
    private final class WaiterSlot: @unchecked Sendable {
        var waiter: Waiter?
        var isCancelled = false
    }

    /// Puts a task to sleep unless what it waits for has come meanwhile.
    private func park(
        _ waiter: Waiter, in slot: WaiterSlot, for direction: Direction, until deadline: UInt64?
    ) {
        lock.lock()
        let isReady: Bool
        switch direction {
        case .receiving:
            // First, because it lets the lock go: from the look to the list it is held.
            flushWatched()
            if !isReading { returnReading() }
            isReady = pattern.isReadyToReceive()
        case .sending(let seen):
            isReady = roomNews != seen
        }
        if slot.isCancelled || isReady || state != .open {
            let reason: WakeReason = slot.isCancelled ? .cancelled : .signalled
            settleAndUnlock()
            waiter.wake(reason)
            return
        }
        slot.waiter = waiter
        switch direction {
        case .receiving: receiveWaiters.append(waiter)
        case .sending: sendWaiters.append(waiter)
        }
        let isNext = deadline.map { $0 < taskDeadline } ?? false
        if isNext, let deadline { taskDeadline = deadline }
        settleAndUnlock()
        guard isNext, let deadline else { return }
        ioThread.post { [weak self] in self?.startDeadlineTimer(deadline) }
    }

    /// One timer for all the tasks of the socket, at the first of their deadlines: most are woken
    /// long before, and a timer for each would stay until then.
    private func startDeadlineTimer(_ deadline: UInt64) {
        let now = cmc_now_ns()
        _ = ioThread.addTimer(afterNanoseconds: deadline > now ? deadline - now : 0) {
            [weak self] in
            self?.wakeLateTasks()
        }
    }

    private func wakeLateTasks() {
        lock.lock()
        let now = cmc_now_ns()
        let late = receiveWaiters.takeLate(now: now) + sendWaiters.takeLate(now: now)
        let next = [receiveWaiters.nextDeadline, sendWaiters.nextDeadline].compactMap(\.self).min()
        taskDeadline = next ?? .max
        settleAndUnlock()
        for waiter in late { waiter.wake(.timedOut) }
        if let next { startDeadlineTimer(next) }
    }

    private func cancel(_ slot: WaiterSlot, direction: Direction) {
        lock.lock()
        slot.isCancelled = true
        var waiter: Waiter?
        if let parked = slot.waiter {
            let wasParked =
                switch direction {
                case .receiving: receiveWaiters.remove(parked)
                case .sending: sendWaiters.remove(parked)
                }
            if wasParked { waiter = parked }
            slot.waiter = nil
        }
        settleAndUnlock()
        waiter?.wake(.cancelled)
    }
}
