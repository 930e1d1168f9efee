import CMCLinux
import Glibc

/// Who waits for which descriptor; all on the I/O thread.
///
/// Other code of the process may close a descriptor that is not its own. The kernel then gives the
/// number away, also to us: whoever had it before is told. Where the file is open twice its entry in the
/// set stays, and cannot be removed by a number any more: then the set is made anew.
extension IOThread {
    /// How long to leave everything alone when there is no descriptor for a new set.
    private static let pauseMicroseconds: UInt32 = 100_000

    /// A token under which `handler` is called from now on.
    ///
    /// - Parameter descriptor: what the handler waits for, unless it is a set, which looks after itself.
    func register(_ handler: any EventHandler, of descriptor: Int32? = nil) -> UInt64 {
        lastToken += 1
        let token = pollSet.token(lastToken)
        handlers[token] = handler
        if let descriptor { own(descriptor, token) }
        return token
    }

    /// A descriptor is of the handler with this token, and of no other.
    private func own(_ descriptor: Int32, _ token: UInt64) {
        PollSet.claim(descriptor, by: nil)
        guard let before = owners.updateValue(token, forKey: descriptor) else { return }
        handlers[before]?.descriptorLost(descriptor)
    }

    /// The handler is not called any more.
    ///
    /// - Parameter isIntact: the descriptor still is the handler's.
    func deregister(_ token: UInt64, of descriptor: Int32, isIntact: Bool = true) {
        handlers[token] = nil
        if owners[descriptor] == token { owners[descriptor] = nil }
        if isIntact { ignore(descriptor) } else { needsRenewal = true }
    }

    /// Waits for events of a descriptor that is the handler's.
    ///
    /// - Returns: 0, or a negative errno. When it is the set that is not ours any more, the handler is
    ///   soon asked to watch again.
    func watch(_ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Int32 {
        let error = cmc_epoll_add(epoll, descriptor, events, token)
        guard error == -EBADF || error == -EINVAL else { return error }
        needsRenewal = true
        return 0
    }

    /// Takes a descriptor out of the set.
    func ignore(_ descriptor: Int32) {
        let error = cmc_epoll_remove(epoll, descriptor)
        if error == -EBADF || error == -EINVAL { needsRenewal = true }
    }

    /// Has the set made anew, soon. On any thread.
    func requestRenewal() {
        post { [self] in needsRenewal = true }
    }

    func renewSet() {
        guard pollSet.renew() else {
            usleep(IOThread.pauseMicroseconds)
            return
        }
        needsRenewal = false
        for handler in Array(handlers.values) { handler.rewatch() }
    }
}
