import CMCLinux
public import CMCZmq
import Glibc
import MCPool
import Synchronization

@c @implementation
public func zmq_poll(
    _ items: UnsafeMutablePointer<zmq_pollitem_t>?, _ count: Int32, _ timeout: Int
) -> Int32 {
    guard count >= 0 else { return fail(.invalid) }
    guard unsafe items != nil || count == 0 else { return fail(.fault) }
    let entries = unsafe UnsafeMutableBufferPointer(start: items, count: Int(count))
    do throws(Errno) {
        // Most calls find something at once, and then cost no more than the look.
        if let found = try unsafe PollCall.look(at: entries) { return found }
        let sockets = try unsafe PollCall.sockets(of: entries)
        return try unsafe PollCall.wait(for: entries, sockets, milliseconds: timeout)
    } catch {
        return fail(error)
    }
}

/// A look, or a wait, of zmq_poll.
enum PollCall {
    /// Asks the sockets, where the items are nothing but sockets.
    ///
    /// - Returns: how many are ready; nil when none is, or there are descriptors as well.
    static func look(
        at entries: UnsafeMutableBufferPointer<zmq_pollitem_t>
    ) throws(Errno) -> Int32? {
        var found: Int32 = 0
        for index in entries.indices {
            guard let handle = unsafe entries[index].socket else { return nil }
            let outcome = unsafe ZmqSocket.with(handle) { socket -> Result<Int32, Errno> in
                do throws(Errno) {
                    try socket.checkUsable()
                    return .success(try socket.pollEvents())
                } catch {
                    return .failure(error)
                }
            }
            guard let outcome else { throw .noSocket }
            let events = try outcome.get() & Int32(unsafe entries[index].events)
            unsafe entries[index].revents = Int16(events)
            if events != 0 { found += 1 }
        }
        return found > 0 ? found : nil
    }

    /// The sockets, which are kept for the time of the call; nil for descriptors.
    static func sockets(
        of entries: UnsafeMutableBufferPointer<zmq_pollitem_t>
    ) throws(Errno) -> [ZmqSocket?] {
        var sockets: [ZmqSocket?] = []
        for index in entries.indices {
            guard let handle = unsafe entries[index].socket else {
                sockets.append(nil)
                continue
            }
            guard let socket = unsafe ZmqSocket.with(handle, { $0 }) else { throw .noSocket }
            sockets.append(socket)
        }
        return sockets
    }

    static func wait(
        for entries: UnsafeMutableBufferPointer<zmq_pollitem_t>, _ sockets: [ZmqSocket?],
        milliseconds: Int
    ) throws(Errno) -> Int32 {
        var polled: [Polling.Item] = []
        var isReady = false
        for (index, socket) in sockets.enumerated() {
            let wanted = unsafe entries[index].events
            if let socket {
                polled.append(Polling.Item(.socket(socket.engine), wanted: bits(wanted)))
                if wanted & Int16(ZMQ_POLLIN) != 0, socket.hasUnreceived.load(ordering: .relaxed) {
                    isReady = true
                }
            } else {
                polled.append(
                    Polling.Item(.descriptor(unsafe entries[index].fd), wanted: bits(wanted)))
            }
        }
        var deadline: UInt64?
        if isReady || milliseconds == 0 {
            deadline = 0
        } else if milliseconds > 0 {
            deadline = cmc_now_ns() + UInt64(min(milliseconds, Int(Int32.max))) * 1_000_000
        }
        _ = try engineCall { () throws(SocketError) in
            try Polling.wait(for: &polled, until: deadline, isInterruptible: true)
        }
        var found: Int32 = 0
        for (index, item) in polled.enumerated() {
            var events = events(item.found, isSocket: sockets[index] != nil)
            if let socket = sockets[index], socket.hasUnreceived.load(ordering: .relaxed) {
                events |= Int16(ZMQ_POLLIN)
            }
            unsafe entries[index].revents =
                events & (unsafe entries[index].events | Int16(ZMQ_POLLERR))
            if unsafe entries[index].revents != 0 { found += 1 }
        }
        return found
    }

    /// poll(2)'s bits for libzmq's.
    private static func bits(_ events: Int16) -> Int16 {
        var bits: Int32 = 0
        if events & Int16(ZMQ_POLLIN) != 0 { bits |= POLLIN }
        if events & Int16(ZMQ_POLLOUT) != 0 { bits |= POLLOUT }
        if events & Int16(ZMQ_POLLPRI) != 0 { bits |= POLLPRI }
        return Int16(bits)
    }

    private static func events(_ found: Int16, isSocket: Bool) -> Int16 {
        let found = Int32(found)
        var events: Int32 = 0
        if found & POLLIN != 0 { events |= ZMQ_POLLIN }
        if found & POLLOUT != 0 { events |= ZMQ_POLLOUT }
        if found & POLLPRI != 0 { events |= ZMQ_POLLPRI }
        // A hang-up, an error, or a descriptor that is none.
        if !isSocket, found & ~(POLLIN | POLLOUT | POLLPRI) != 0 { events |= ZMQ_POLLERR }
        return Int16(events)
    }
}
