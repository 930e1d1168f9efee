import MCLock
import MCQueue

/// Which I/O thread helps the socket.
extension SocketEngine {
    /// Hands the socket over to another thread, as long as the one it has does nothing for it: before
    /// the first endpoint, and while nobody waits.
    ///
    /// - Returns: whether the socket is that thread's now.
    /// - Throws: when the system has no thread.
    package func move(to thread: IOThread) throws(SocketError) -> Bool {
        try thread.start()
        let old = ioThread
        // There, so that nothing of what it was asked to do is under way.
        old.runAndWait { [self] in
            lock.lock()
            let token = ioToken
            let isFree = hasNothingToDo && ioThread === old && old !== thread
            if isFree {
                isRegistered = false
                ioThread = thread
            }
            lock.unlock()
            guard isFree else { return }
            old.deregister(token, of: pollSet.descriptor, isIntact: !pollSet.isLost)
            thread.post { self.begin() }
        }
        return ioThread === thread
    }

    /// Nothing of the I/O thread's is the socket's but its entry in the thread's set. Lock held.
    private var hasNothingToDo: Bool {
        state == .open && endpoints.isEmpty && pipes.isEmpty && watchers.isEmpty && !isReading
            && !isLeaseTimerSet && !isBackgroundReadPosted && !isTicking
            && receiveWaiters.isEmpty && sendWaiters.isEmpty && callback == nil
            && taskDeadline == .max
    }
}
