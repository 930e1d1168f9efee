import CMCLinux
import Glibc
import MCLock
import MCTransport

/// The socket's set: which connections are waited for, and what to do when other code of the process
/// has closed one, or the set itself.
extension SocketEngine {
    /// How long to wait when there is no descriptor for a new set.
    private static let pauseMicroseconds: UInt32 = 20_000

    /// Waits for what a connection brings. Lock held.
    func watchReading(of connection: Connection) {
        let error = add(connection)
        guard error < 0 else { return }
        // It may be the set that is not ours any more.
        if connection.link.isIntact, error == -EBADF || error == -EINVAL, renewSet(),
            connection.isWatched
        {
            return
        }
        endSoon(
            connection,
            because: connection.link.isIntact
                ? SocketError(
                    .systemError, "epoll refused the connection", endpoint: connection.link.peer,
                    errno: -error)
                : connection.descriptorError)
    }

    private func add(_ connection: Connection) -> Int32 {
        let error = cmc_epoll_add(
            pollSet.descriptor, connection.link.descriptor, CMC_POLL_IN | CMC_POLL_RDHUP,
            connection.readToken)
        connection.isWatched = error == 0
        return error
    }

    /// Waits for it no longer. Lock held.
    func ignoreReading(of connection: Connection) {
        guard connection.isWatched else { return }
        connection.isWatched = false
        // By a number that is not the connection's any more nothing of it can be removed, and what stays
        // behind in the set would name it when it is gone.
        if !connection.link.isIntact
            || cmc_epoll_remove(pollSet.descriptor, connection.link.descriptor) < 0
        {
            if !renewSet() { stranded.append(connection) }
        }
    }

    /// Makes a new set, of all connections that are to be in it. Lock held.
    ///
    /// - Returns: false when the process has no descriptor for it; who waits asks again.
    @discardableResult
    func renewSet() -> Bool {
        guard pollSet.renew() else {
            // Where the old one is not ours, waiting in it fails at once.
            usleep(SocketEngine.pauseMicroseconds)
            return false
        }
        stranded = []
        for pipe in pipes {
            guard let connection = pipe.pointee.connection, !connection.isEnded,
                !connection.isStalled, connection.link.isIntact
            else { continue }
            let error = add(connection)
            if error < 0 {
                let reason = SocketError(
                    .systemError, "epoll refused the connection", endpoint: connection.link.peer,
                    errno: -error)
                ioThread.post { [weak self] in self?.endLater(connection, because: reason) }
            }
        }
        if isReaderAsleep { pollSet.signal() }
        ioThread.post { [weak self] in self?.rewatch() }
        return true
    }

    private func endLater(_ connection: Connection, because error: SocketError) {
        lock.lock()
        if !connection.isEnded { endSoon(connection, because: error) }
        settleAndUnlock()
    }

    /// Puts the socket's set into that of the I/O thread, where the reading is the thread's. On the I/O
    /// thread.
    func rewatch() {
        lock.lock()
        defer { lock.unlock() }
        guard isRegistered else { return }
        guard pollSet.isIntact else {
            // Comes here again.
            renewSet()
            return
        }
        let events = readOwner == .ioThread ? CMC_POLL_IN : 0
        let error = ioThread.watch(pollSet.descriptor, events, ioToken)
        if error == -EEXIST {
            _ = cmc_epoll_modify(ioThread.epoll, pollSet.descriptor, events, ioToken)
        }
    }

    /// The set's number has been given away, and nobody may be waiting in it. On the I/O thread.
    func setLost() {
        lock.lock()
        if pollSet.isLost, !isReading { renewSet() }
        settleAndUnlock()
    }
}
