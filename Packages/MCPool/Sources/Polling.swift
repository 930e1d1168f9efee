import CMCLinux
import Glibc

/// Waits for many sockets, and for descriptors of others, at once; level-triggered.
///
/// The calling thread sleeps on the sockets' own epoll sets and reads what comes, as a receiver does:
/// nobody else is woken for it.
package enum Polling {
    package enum Source {
        case socket(SocketEngine)
        case descriptor(Int32)
    }

    /// Something to wait for; bits are poll(2)'s.
    package struct Item {
        package let source: Source
        package let wanted: Int16
        package var found: Int16 = 0

        package init(_ source: Source, wanted: Int16) {
            self.source = source
            self.wanted = wanted
        }

        var wantedEvents: EngineEvents {
            var events: EngineEvents = []
            if wanted & Int16(POLLIN) != 0 { events.insert(.canReceive) }
            if wanted & Int16(POLLOUT) != 0 { events.insert(.canSend) }
            return events
        }
    }

    /// Blocks until an item has what it wants (or, for a descriptor, an error), or until `deadline`
    /// (nanoseconds of the monotonic clock; nil for ever, 0 not at all).
    ///
    /// - Returns: how many items have; `found` says what.
    /// - Throws: `closed` or `terminated` when a socket is; `interrupted` when a signal came and the
    ///   call shall end so; `systemError`, `tooManyDescriptors`.
    package static func wait(
        for items: inout [Item], until deadline: UInt64?, isInterruptible: Bool = false
    ) throws(SocketError) -> Int {
        let watcher = try ThreadWatcher.take()
        defer { watcher.giveBack() }
        var entries: [pollfd] = []
        entries.reserveCapacity(items.count + 1)
        var isLastLook = deadline == 0
        while true {
            let count = try look(at: &items)
            let sleeps = count == 0 && !isLastLook
            let isInterrupted =
                try sleeps
                ? sleep(on: &items, watcher, &entries, until: deadline)
                : askDescriptors(of: &items, &entries)
            let found = items.reduce(into: 0) { if $1.found != 0 { $0 += 1 } }
            if found > 0 || isLastLook { return found }
            if isInterrupted && isInterruptible {
                throw SocketError(.interrupted, "a signal came while polling")
            }
            if let deadline, cmc_now_ns() >= deadline { isLastLook = true }
        }
    }

    /// Asks the sockets.
    ///
    /// - Returns: how many have what is wanted.
    static func look(at items: inout [Item]) throws(SocketError) -> Int {
        var count = 0
        for index in items.indices {
            items[index].found = 0
            guard case .socket(let engine) = items[index].source else { continue }
            let events = try engine.events().intersection(items[index].wantedEvents)
            if events.contains(.canReceive) { items[index].found |= Int16(POLLIN) }
            if events.contains(.canSend) { items[index].found |= Int16(POLLOUT) }
            if items[index].found != 0 { count += 1 }
        }
        return count
    }

    /// Sleeps until a socket has news, or a descriptor is ready.
    ///
    /// - Returns: whether a signal ended it.
    private static func sleep(
        on items: inout [Item], _ watcher: ThreadWatcher, _ entries: inout [pollfd],
        until deadline: UInt64?
    ) throws(SocketError) -> Bool {
        entries.removeAll(keepingCapacity: true)
        entries.append(pollfd(fd: watcher.descriptor, events: Int16(POLLIN), revents: 0))
        var watched: [(SocketEngine, Bool)] = []
        defer { for (engine, slept) in watched { engine.unwatch(watcher, slept: slept) } }
        var goesOn = false
        for item in items {
            switch item.source {
            case .descriptor(let descriptor):
                entries.append(pollfd(fd: descriptor, events: item.wanted, revents: 0))
            case .socket(let engine):
                switch try engine.watch(watcher, for: item.wantedEvents) {
                case .again:
                    watched.append((engine, false))
                    goesOn = true
                case .sleep(let descriptor):
                    watched.append((engine, descriptor != nil))
                    // Negative: not to be looked at.
                    entries.append(
                        pollfd(fd: descriptor ?? -1, events: Int16(POLLIN), revents: 0))
                }
            }
        }
        if goesOn { return false }
        let isInterrupted = try poll(&entries, until: deadline)
        if entries[0].revents != 0 { watcher.clear() }
        take(from: entries, at: 1, into: &items)
        return isInterrupted
    }

    /// Sockets are ready, or the time is over: the descriptors are asked, too.
    static func askDescriptors(
        of items: inout [Item], _ entries: inout [pollfd]
    ) throws(SocketError) -> Bool {
        entries.removeAll(keepingCapacity: true)
        var hasDescriptors = false
        for item in items {
            var entry = pollfd(fd: -1, events: item.wanted, revents: 0)
            if case .descriptor(let descriptor) = item.source {
                entry.fd = descriptor
                hasDescriptors = true
            }
            entries.append(entry)
        }
        guard hasDescriptors else { return false }
        let isInterrupted = try poll(&entries, until: 0)
        take(from: entries, at: 0, into: &items)
        return isInterrupted
    }

    private static func take(from entries: [pollfd], at first: Int, into items: inout [Item]) {
        for (index, entry) in entries[first...].enumerated() {
            if case .descriptor = items[index].source { items[index].found = entry.revents }
        }
    }

    /// - Returns: whether a signal ended it.
    private static func poll(
        _ entries: inout [pollfd], until deadline: UInt64?
    ) throws(SocketError) -> Bool {
        var timeout: Int64 = -1
        if let deadline {
            let now = cmc_now_ns()
            timeout = deadline > now ? Int64(clamping: deadline - now) : 0
        }
        let count = unsafe cmc_poll(&entries, Int32(entries.count), timeout)
        if count >= 0 { return false }
        if count == -EINTR { return true }
        throw SocketError(.systemError, "poll", errno: -count)
    }
}
