import MCLock
import Synchronization

/// Who watches the socket.
struct Monitors: Sendable {
    struct Entry {
        weak var monitor: SocketMonitor?
    }

    let list = Locked<[Entry]>([])
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

    /// Tells the monitors. On any thread, with or without the lock.
    func note(
        _ kind: SocketEvent.Kind, _ endpoint: @autoclosure () -> String, value: Int = 0,
        routingID: [UInt8] = [], because reason: SocketError? = nil
    ) {
        guard hasMonitors.load(ordering: .acquiring) else { return }
        let event = SocketEvent(
            kind, endpoint(), value: value, routingID: routingID, because: reason)
        for monitor in livingMonitors() { monitor.add(event) }
    }

    func endMonitors() {
        for monitor in livingMonitors() { monitor.end() }
    }

    private func livingMonitors() -> [SocketMonitor] {
        monitors.list.withLock { $0.compactMap(\.monitor) }
    }
}
