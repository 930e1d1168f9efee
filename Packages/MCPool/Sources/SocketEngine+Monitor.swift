import MCLock
import Synchronization

/// Who watches the socket.
struct Monitors: Sendable {
    struct Entry {
        weak var monitor: SocketMonitor?
    }

    /// Who wants to be called instead. A function of its own would be wrapped once more each time that it
    /// is looked at through the lock.
    struct Sink: Sendable {
        let tell: @Sendable (SocketEvent) -> Void
    }

    let list = Locked<[Entry]>([])
    let sink = Locked<Sink?>(nil)
}

extension SocketEngine {
    /// A monitor of what happens from now on. One that is made when the socket has ended is over.
    package func makeMonitor() -> SocketMonitor {
        let monitor = SocketMonitor()
        monitors.list.withLock { list in
            list.removeAll { $0.monitor == nil }
            list.append(Monitors.Entry(monitor: monitor))
        }
        hasMonitors.store(true, ordering: .releasing)
        // It may have ended before the monitor was on the list.
        if lock.withLock({ state == .ended }) { monitor.end() }
        return monitor
    }

    /// Has `body` told of what happens from now on, on whichever thread it happens, perhaps with the
    /// socket's lock held: it must not block, nor use the socket. nil ends it; one call may be under way
    /// still.
    package func watchEvents(_ body: (@Sendable (SocketEvent) -> Void)?) {
        monitors.sink.withLock { $0 = body.map(Monitors.Sink.init) }
        if body != nil { hasMonitors.store(true, ordering: .releasing) }
    }

    /// Tells the monitors. On any thread, with or without the lock.
    func note(
        _ kind: SocketEvent.Kind, _ place: @autoclosure () -> EventPlace, value: Int = 0,
        routingID: [UInt8] = [], because reason: SocketError? = nil
    ) {
        guard hasMonitors.load(ordering: .acquiring) else { return }
        let event = SocketEvent(
            kind, place(), value: value, routingID: routingID, because: reason)
        for monitor in livingMonitors() { monitor.add(event) }
        monitors.sink.withLock { $0 }?.tell(event)
    }

    func endMonitors() {
        for monitor in livingMonitors() { monitor.end() }
    }

    private func livingMonitors() -> [SocketMonitor] {
        monitors.list.withLock { $0.compactMap(\.monitor) }
    }
}
