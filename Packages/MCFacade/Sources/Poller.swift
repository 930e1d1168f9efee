import Glibc
import MCLock
public import MCPool

/// Waits for many sockets, and for descriptors of others, at once (zmq_poll(3)).
///
/// It is level-triggered: what is ready is reported each time until it has been dealt with.
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
/// - Thread rule: any thread may add and remove at any time; what is added while a thread waits counts
///   from its next wait on. Several threads may wait.
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

    private enum Source: Sendable {
        case socket(Socket)
        case descriptor(Int32)
    }

    private struct Item: Sendable {
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

        func entry() throws(SocketError) -> pollfd {
            switch source {
            case .socket(let socket):
                pollfd(fd: try socket.pollDescriptor(), events: Int16(POLLIN), revents: 0)
            case .descriptor(let descriptor):
                pollfd(fd: descriptor, events: events.pollBits, revents: 0)
            }
        }
    }

    private let items = Locked<[Item]>([])

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

    /// How many things are watched.
    public var count: Int { items.withLock { $0.count } }

    /// Blocks the thread until something is ready, for up to so many milliseconds; -1 for ever.
    ///
    /// - Returns: what is ready, in the order in which it was added; nothing when the time is over.
    /// - Throws: `closed` or `terminated` when a socket is; `invalidState` when a descriptor is none;
    ///   `systemError`.
    public func wait(timeoutMilliseconds: Int = -1) throws(SocketError) -> [Ready] {
        let items = items.withLock { $0 }
        let clock = ContinuousClock()
        let deadline =
            timeoutMilliseconds < 0
            ? nil : clock.now + .milliseconds(min(timeoutMilliseconds, Int(Int32.max)))
        var entries: [pollfd] = []
        for item in items { entries.append(try item.entry()) }
        while true {
            // A socket's descriptor tells of changes since it was last asked: ask, then wait.
            let before = try look(at: items)
            var timeout = deadline.map { milliseconds(clock.now.duration(to: $0)) } ?? -1
            if before.contains(where: { !$0.wanted.isEmpty }) { timeout = 0 }
            for (index, state) in before.enumerated() {
                // Readable all the time for a message that nobody asked for.
                if state.hidesNews && timeout != 0 { timeout = 1 }
                // Another thread at the socket may have taken the news of room away with it.
                if items[index].events.contains(.canSend), timeout < 0 || timeout > 50 {
                    timeout = 50
                }
                if case .socket = items[index].source {
                    entries[index].events = state.hidesNews ? 0 : Int16(POLLIN)
                }
            }
            let count = unsafe poll(&entries, nfds_t(entries.count), timeout)
            if count < 0, errno != EINTR {
                throw SocketError(.systemError, "poll", errno: errno)
            }
            let ready = try collect(items, entries, try look(at: items))
            if !ready.isEmpty { return ready }
            if let deadline, clock.now >= deadline { return [] }
        }
    }

    /// What a socket can do, and whether its descriptor tells of more when that changes.
    private struct Look {
        var wanted: SocketEvents = []
        var hidesNews = false
    }

    private func look(at items: [Item]) throws(SocketError) -> [Look] {
        var all: [Look] = []
        for item in items {
            guard case .socket(let socket) = item.source else {
                all.append(Look())
                continue
            }
            let events = try socket.events()
            all.append(
                Look(
                    wanted: events.intersection(item.events),
                    hidesNews: events.contains(.canReceive) && !item.events.contains(.canReceive)))
        }
        return all
    }

    /// Rounded up, so that nobody is told of the end before it.
    private func milliseconds(_ left: Duration) -> Int32 {
        left <= .zero ? 0 : Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
    }

    private func collect(
        _ items: [Item], _ entries: [pollfd], _ looks: [Look]
    ) throws(SocketError) -> [Ready] {
        var all: [Ready] = []
        for (index, item) in items.enumerated() {
            switch item.source {
            case .socket(let socket):
                if looks[index].wanted.isEmpty { continue }
                all.append(
                    Ready(
                        socket: socket, descriptor: nil, events: looks[index].wanted,
                        hasError: false))
            case .descriptor(let descriptor):
                let found = Int32(entries[index].revents)
                guard found & Int32(POLLNVAL) == 0 else {
                    throw SocketError(.invalidState, "\(descriptor) is no open descriptor")
                }
                if found == 0 { continue }
                all.append(
                    Ready(
                        socket: nil, descriptor: descriptor,
                        events: SocketEvents(pollBits: found),
                        hasError: found & (Int32(POLLERR) | Int32(POLLHUP)) != 0))
            }
        }
        return all
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
