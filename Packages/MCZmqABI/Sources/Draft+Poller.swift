#if ZMQ_BUILD_DRAFT_API
import CMCLinux
public import CMCZmq
import Glibc
import MCLock
import MCPool

/// What a zmq_poller stands for: the sockets and descriptors that it keeps.
///
/// - Thread rule: any thread; a wait looks at what is there when it begins.
private final class PollerObject: HandleObject, @unchecked Sendable {
    static var handleKind: Int32 { Int32(CMC_HANDLE_POLLER) }

    @safe
    struct Item {
        /// nil for a descriptor.
        let socket: ZmqSocket?
        let handle: UnsafeMutableRawPointer?
        let descriptor: Int32
        let userData: UnsafeMutableRawPointer?
        var events: Int16

        func isOf(_ socket: ZmqSocket?, _ descriptor: Int32) -> Bool {
            socket == nil
                ? self.socket == nil && self.descriptor == descriptor : self.socket === socket
        }
    }

    private struct State {
        var items: [Item] = []
        /// An epoll set with the descriptors of the sockets that may have threads; -1 until asked for.
        var set: Int32 = -1
    }

    private let state = Locked<State>(State())

    deinit {
        let set = state.withLock { $0.set }
        if set >= 0 { cmc_close(set) }
    }

    var items: [Item] { state.withLock { $0.items } }

    func add(_ item: Item) throws(Errno) {
        try state.withLock { state throws(Errno) in
            guard !state.items.contains(where: { $0.isOf(item.socket, item.descriptor) }) else {
                throw .invalid
            }
            state.items.append(item)
            if state.set >= 0 { try Self.watch(item, in: state.set) }
        }
    }

    func modify(_ socket: ZmqSocket?, _ descriptor: Int32, events: Int16) throws(Errno) {
        try state.withLock { state throws(Errno) in
            state.items[try Self.index(of: socket, descriptor, in: state)].events = events
        }
    }

    func remove(_ socket: ZmqSocket?, _ descriptor: Int32) throws(Errno) {
        try state.withLock { state throws(Errno) in
            state.items.remove(at: try Self.index(of: socket, descriptor, in: state))
            guard state.set >= 0, let socket, socket.hasSingleFrames else { return }
            let watched = try? socket.engine.pollDescriptor()
            if let watched { _ = cmc_epoll_remove(state.set, watched) }
        }
    }

    private static func index(
        of socket: ZmqSocket?, _ descriptor: Int32, in state: State
    ) throws(Errno) -> Int {
        guard let index = state.items.firstIndex(where: { $0.isOf(socket, descriptor) }) else {
            throw .invalid
        }
        return index
    }

    private static func watch(_ item: Item, in set: Int32) throws(Errno) {
        guard let socket = item.socket, socket.hasSingleFrames else { return }
        let descriptor = try engineCall { () throws(SocketError) in
            try socket.engine.pollDescriptor()
        }
        _ = cmc_epoll_add(set, descriptor, CMC_POLL_IN, 0)
    }

    /// A descriptor that becomes readable with those sockets of the poller that many threads may use.
    func descriptor() throws(Errno) -> Int32 {
        try state.withLock { state throws(Errno) in
            guard state.items.contains(where: { $0.socket?.hasSingleFrames ?? false }) else {
                throw .invalid
            }
            if state.set >= 0 { return state.set }
            let set = cmc_epoll_create()
            guard set >= 0 else { throw Errno(EMFILE) }
            state.set = set
            for item in state.items { try Self.watch(item, in: set) }
            return set
        }
    }

    func wait(
        _ events: UnsafeMutableBufferPointer<zmq_poller_event_t>, milliseconds: Int
    ) throws(Errno) -> Int32 {
        // Who wants nothing is not polled.
        let items = items.filter { $0.events != 0 }
        guard !items.isEmpty else {
            if milliseconds < 0 { throw .fault }
            if milliseconds > 0 { usleep(UInt32(clamping: milliseconds * 1000)) }
            throw Errno(EAGAIN)
        }
        var polled = unsafe items.map {
            unsafe zmq_pollitem_t(
                socket: $0.handle, fd: $0.descriptor, events: $0.events, revents: 0)
        }
        let sockets = items.map(\.socket)
        var found: Int32 = 0
        var failure: Errno?
        unsafe polled.withUnsafeMutableBufferPointer { entries in
            do throws(Errno) {
                found = try unsafe PollCall.wait(
                    for: entries, sockets, milliseconds: milliseconds)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if found == 0 { throw Errno(EAGAIN) }
        var count = 0
        for (index, item) in items.enumerated() where count < events.count {
            let found = unsafe polled[index].revents
            if found == 0 { continue }
            unsafe events[count] = unsafe zmq_poller_event_t(
                socket: item.handle, fd: item.descriptor, user_data: item.userData,
                events: found)
            count += 1
        }
        for index in count..<events.count {
            unsafe events[index] = unsafe zmq_poller_event_t(
                socket: nil, fd: -1, user_data: nil, events: 0)
        }
        return Int32(count)
    }
}

private func withPoller(
    _ poller: UnsafeMutableRawPointer?, _ body: (PollerObject) throws(Errno) -> Void
) -> Int32 {
    unsafe PollerObject.with(poller) { poller in
        result { () throws(Errno) in try body(poller) }
    } ?? fail(.fault)
}

/// The socket of a handle that a poller is told of.
private func socket(of handle: UnsafeMutableRawPointer?) throws(Errno) -> ZmqSocket {
    guard let socket = unsafe ZmqSocket.with(handle, { $0 }) else { throw .noSocket }
    return socket
}

private func check(_ events: Int16) throws(Errno) {
    let known = Int16(ZMQ_POLLIN | ZMQ_POLLOUT | ZMQ_POLLERR | ZMQ_POLLPRI)
    guard events & ~known == 0 else { throw .invalid }
}

private func check(descriptor: Int32) throws(Errno) {
    guard descriptor != -1 else { throw Errno(EBADF) }
}

@c @implementation
public func zmq_poller_new() -> UnsafeMutableRawPointer? {
    guard let handle = unsafe PollerObject.makeHandle(PollerObject()) else {
        return unsafe failNil(Errno(ENOMEM))
    }
    return unsafe handle
}

@c @implementation
public func zmq_poller_destroy(
    _ poller: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    guard let poller = unsafe poller, unsafe PollerObject.takeHandle(poller.pointee) != nil
    else { return fail(.fault) }
    unsafe poller.pointee = nil
    return 0
}

@c @implementation
public func zmq_poller_size(_ poller: UnsafeMutableRawPointer?) -> Int32 {
    unsafe PollerObject.with(poller) { Int32(clamping: $0.items.count) } ?? fail(.fault)
}

@c @implementation
public func zmq_poller_add(
    _ poller: UnsafeMutableRawPointer?, _ socket: UnsafeMutableRawPointer?,
    _ user_data: UnsafeMutableRawPointer?, _ events: Int16
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        let object = try unsafe MCZmqABI.socket(of: socket)
        try check(events)
        try poller.add(
            unsafe PollerObject.Item(
                socket: object, handle: socket, descriptor: -1, userData: user_data,
                events: events))
    }
}

@c @implementation
public func zmq_poller_modify(
    _ poller: UnsafeMutableRawPointer?, _ socket: UnsafeMutableRawPointer?, _ events: Int16
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        let object = try unsafe MCZmqABI.socket(of: socket)
        try check(events)
        try poller.modify(object, -1, events: events)
    }
}

@c @implementation
public func zmq_poller_remove(
    _ poller: UnsafeMutableRawPointer?, _ socket: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        try poller.remove(try unsafe MCZmqABI.socket(of: socket), -1)
    }
}

@c @implementation
public func zmq_poller_add_fd(
    _ poller: UnsafeMutableRawPointer?, _ fd: zmq_fd_t,
    _ user_data: UnsafeMutableRawPointer?, _ events: Int16
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        try check(descriptor: fd)
        try check(events)
        try poller.add(
            unsafe PollerObject.Item(
                socket: nil, handle: nil, descriptor: fd, userData: user_data, events: events))
    }
}

@c @implementation
public func zmq_poller_modify_fd(
    _ poller: UnsafeMutableRawPointer?, _ fd: zmq_fd_t, _ events: Int16
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        try check(descriptor: fd)
        try check(events)
        try poller.modify(nil, fd, events: events)
    }
}

@c @implementation
public func zmq_poller_remove_fd(
    _ poller: UnsafeMutableRawPointer?, _ fd: zmq_fd_t
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        try check(descriptor: fd)
        try poller.remove(nil, fd)
    }
}

@c @implementation
public func zmq_poller_wait(
    _ poller: UnsafeMutableRawPointer?, _ event: UnsafeMutablePointer<zmq_poller_event_t>?,
    _ timeout: Int
) -> Int32 {
    if unsafe zmq_poller_wait_all(poller, event, 1, timeout) >= 0 { return 0 }
    unsafe event?.pointee = unsafe zmq_poller_event_t(
        socket: nil, fd: -1, user_data: nil, events: 0)
    return -1
}

@c @implementation
public func zmq_poller_wait_all(
    _ poller: UnsafeMutableRawPointer?, _ events: UnsafeMutablePointer<zmq_poller_event_t>?,
    _ count: Int32, _ timeout: Int
) -> Int32 {
    unsafe PollerObject.with(poller) { poller in
        guard let events = unsafe events else { return fail(.fault) }
        guard count >= 0 else { return fail(.invalid) }
        do throws(Errno) {
            return try unsafe poller.wait(
                UnsafeMutableBufferPointer(start: events, count: Int(count)),
                milliseconds: timeout)
        } catch {
            return fail(error)
        }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_poller_fd(
    _ poller: UnsafeMutableRawPointer?, _ fd: UnsafeMutablePointer<zmq_fd_t>?
) -> Int32 {
    unsafe withPoller(poller) { poller throws(Errno) in
        guard let fd = unsafe fd else { throw .fault }
        unsafe fd.pointee = try poller.descriptor()
    }
}
#endif
