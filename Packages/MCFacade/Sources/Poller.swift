import CMCLinux
import Glibc
import MCLock
public import MCPool

/// Waits for many sockets, and for descriptors of others, at once (zmq_poll(3)).
///
/// It is level-triggered: what is ready is reported each time until it has been dealt with. A thread
/// waits with `wait`, which blocks it; a task with `await wait`, or over `events`, which suspend it.
///
/// ```swift
/// let poller = Poller()
/// poller.add(requests, for: .canReceive)
/// poller.add(descriptor: STDIN_FILENO, for: .canReceive)
/// for ready in try poller.wait(timeoutMilliseconds: 500) {
///     if ready.socket === requests { … }
/// }
/// ```
///
/// - Thread rule: any thread may add and remove at any time; what is added while a thread or a task
///   waits counts from its next wait on. Several may wait.
/// - Ownership: keeps its sockets; does not close anything.
public final class Poller: Sendable {
    /// Something that is ready.
    public struct Ready: Sendable {
        /// The socket; nil for a descriptor.
        public let socket: Socket?
        /// The descriptor; nil for a socket.
        public let descriptor: Int32?
        /// What it can do now, of what was asked for.
        public let events: SocketEvents
        /// Of descriptors only: an error, or a hang-up, which is always reported.
        public let hasError: Bool
    }

    enum Source: Sendable {
        case socket(Socket)
        case descriptor(Int32)
    }

    struct Item: Sendable {
        let source: Source
        var events: SocketEvents

        func isOf(_ socket: Socket) -> Bool {
            if case .socket(let own) = source { return own === socket }
            return false
        }

        func isOf(_ descriptor: Int32) -> Bool {
            if case .descriptor(let own) = source { return own == descriptor }
            return false
        }

        var polled: Polling.Item {
            switch source {
            case .socket(let socket): Polling.Item(.socket(socket.engine), wanted: events.pollBits)
            case .descriptor(let descriptor):
                Polling.Item(.descriptor(descriptor), wanted: events.pollBits)
            }
        }
    }

    let items = Locked<[Item]>([])

    public init() {}

    /// Watches a socket from now on; one that is watched already, for these events instead.
    public func add(_ socket: Socket, for events: SocketEvents) {
        items.withLock { items in
            items.removeAll { $0.isOf(socket) }
            items.append(Item(source: .socket(socket), events: events))
        }
    }

    /// Watches a descriptor that is no socket of ours.
    public func add(descriptor: Int32, for events: SocketEvents) {
        items.withLock { items in
            items.removeAll { $0.isOf(descriptor) }
            items.append(Item(source: .descriptor(descriptor), events: events))
        }
    }

    public func remove(_ socket: Socket) { items.withLock { $0.removeAll { $0.isOf(socket) } } }

    public func remove(descriptor: Int32) {
        items.withLock { $0.removeAll { $0.isOf(descriptor) } }
    }

    func watches(_ ready: Ready) -> Bool {
        items.withLock { items in
            if let socket = ready.socket { return items.contains { $0.isOf(socket) } }
            return items.contains { item in ready.descriptor.map { item.isOf($0) } ?? false }
        }
    }

    /// How many things are watched.
    public var count: Int { items.withLock { $0.count } }

    /// Blocks the thread until something is ready, for up to so many milliseconds; -1 for ever.
    ///
    /// - Returns: what is ready, in the order in which it was added; nothing when the time is over.
    /// - Throws: `closed` or `terminated` when a socket is; `invalidState` when a descriptor is none;
    ///   `systemError`.
    public func wait(timeoutMilliseconds: Int = -1) throws(SocketError) -> [Ready] {
        let items = items.withLock { $0 }
        var polled = items.map(\.polled)
        _ = try Polling.wait(for: &polled, until: deadline(after: timeoutMilliseconds))
        return try ready(items, polled)
    }

    /// Nanoseconds of the monotonic clock; nil for never.
    func deadline(after milliseconds: Int) -> UInt64? {
        // 0: one look, whatever the time.
        if milliseconds <= 0 { return milliseconds < 0 ? nil : 0 }
        return cmc_now_ns() + UInt64(min(milliseconds, Int(Int32.max))) * 1_000_000
    }

    func ready(_ items: [Item], _ polled: [Polling.Item]) throws(SocketError) -> [Ready] {
        var all: [Ready] = []
        for (item, found) in zip(items, polled.map(\.found)) where found != 0 {
            all.append(try ready(item, found: Int32(found)))
        }
        return all
    }

    private func ready(_ item: Item, found: Int32) throws(SocketError) -> Ready {
        let events = SocketEvents(pollBits: found)
        switch item.source {
        case .socket(let socket):
            return Ready(socket: socket, descriptor: nil, events: events, hasError: false)
        case .descriptor(let descriptor):
            guard found & Int32(POLLNVAL) == 0 else {
                throw SocketError(.invalidState, "\(descriptor) is no open descriptor")
            }
            return Ready(
                socket: nil, descriptor: descriptor, events: events,
                hasError: found & (Int32(POLLERR) | Int32(POLLHUP)) != 0)
        }
    }
}

extension SocketEvents {
    fileprivate var pollBits: Int16 {
        (contains(.canReceive) ? Int16(POLLIN) : 0) | (contains(.canSend) ? Int16(POLLOUT) : 0)
    }

    fileprivate init(pollBits: Int32) {
        self = []
        if pollBits & Int32(POLLIN) != 0 { insert(.canReceive) }
        if pollBits & Int32(POLLOUT) != 0 { insert(.canSend) }
    }
}
