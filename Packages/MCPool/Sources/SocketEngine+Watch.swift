import CMCLinux
import MCLock

/// For pollers of many sockets (`Polling`): a thread that waits on the socket's own epoll set, as a
/// receiver does, and on other things as well.
extension SocketEngine {
    /// What a poller may do after `watch`.
    enum WatchOutcome {
        /// There is something to look at: not to sleep.
        case again
        /// To sleep on the watcher and, if there is one, on this descriptor: the socket's epoll set,
        /// whose connections the poller reads (by asking `events`) when it is readable.
        case sleep(on: Int32?)
    }

    /// Tells `watcher` of changes from now on, until `unwatch`.
    ///
    /// - Throws: `closed`, `terminated`; the watcher is not on the list then.
    func watch(
        _ watcher: ThreadWatcher, for wanted: EngineEvents
    ) throws(SocketError) -> WatchOutcome {
        lock.lock()
        defer { settleAndUnlock() }
        guard state == .open else { throw closedError() }
        watchers.append(watcher)
        // What there is to do lets the lock go, and a look may leave something to do: until neither is
        // so. What changes from then on raises the watcher.
        repeat {
            flushWatched()
            if hasWork { settle() }
            if state != .open || !wanted.isDisjoint(with: eventsNow) { return .again }
        } while hasWork
        guard wanted.contains(.canReceive), canLead else { return .sleep(on: nil) }
        guard readyConnections.isEmpty else { return .again }
        if readOwner == .ioThread {
            readOwner = .receivers
            _ = cmc_epoll_modify(ioThread.epoll, pollSet.descriptor, 0, ioToken)
        }
        sleepingPollers += 1
        return .sleep(on: pollSet.descriptor)
    }

    /// As `watch`, for a task that will be suspended: the I/O thread reads meanwhile.
    ///
    /// - Returns: true when there is something to look at, so that the task need not be suspended.
    func watch(_ watcher: TaskWatcher, for wanted: EngineEvents) throws(SocketError) -> Bool {
        lock.lock()
        defer { settleAndUnlock() }
        guard state == .open else { throw closedError() }
        watchers.append(watcher)
        // As above: from the last look on the lock is held.
        repeat {
            flushWatched()
            if hasWork { settle() }
            if state != .open || !wanted.isDisjoint(with: eventsNow) { return true }
        } while hasWork
        if !isReading { returnReading() }
        return false
    }

    /// The poller is awake.
    ///
    /// - Parameter slept: on the epoll set.
    func unwatch(_ watcher: any Watcher, slept: Bool) {
        lock.lock()
        if let index = watchers.firstIndex(where: { $0 === watcher }) {
            watchers.remove(at: index)
        }
        if slept {
            sleepingPollers -= 1
            pollerLeft()
        }
        settleAndUnlock()
    }

    /// What the socket can do, of what is known already. Lock held.
    var eventsNow: EngineEvents {
        var events: EngineEvents = []
        if pattern.canReceive && pattern.isReadyToReceive() { events.insert(.canReceive) }
        if pattern.canSend && pattern.isReadyToSend() { events.insert(.canSend) }
        return events
    }

    @inline(never)
    func raiseWatchers() {
        for watcher in watchers {
            guard let waiter = watcher.raise() else { continue }
            wakes.append(waiter)
            hasWork = true
        }
    }
}
