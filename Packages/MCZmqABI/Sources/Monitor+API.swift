import CMCZmq
import Glibc
import MCFacade
import MCLock
import MCMemory
import MCPatterns
import MCPool

@c @implementation
public func zmq_socket_monitor(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?, _ events: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            let text = unsafe endpoint.map { unsafe String(cString: $0) }
            try socket.setMonitor(text, events: events)
        }
    }
}

extension ZmqSocket {
    /// Sends what happens to the socket to a PAIR of the user's; nil ends it.
    fileprivate func setMonitor(_ endpoint: String?, events: Int32) throws(Errno) {
        var made: MonitorSocket?
        if let endpoint {
            guard endpoint.hasPrefix("inproc://") else { throw Errno(EPROTONOSUPPORT) }
            // One that is bound there already would be in the way.
            monitor.withLock { monitor in
                defer { monitor = nil }
                return monitor
            }?.stop()
            made = try MonitorSocket(endpoint, events: events, context: context)
        }
        let old = monitor.withLock { monitor in
            defer { monitor = made }
            return monitor
        }
        old?.stop()
        if let made { engine.watchEvents { made.tell($0) } } else { engine.watchEvents(nil) }
    }
}

/// The PAIR socket to which a monitored socket's events are sent, each as two frames: the event's number
/// (16 bits) and value (32 bits), and the endpoint (zmq_socket_monitor(3)).
final class MonitorSocket: Sendable {
    private let engine: SocketEngine
    private let events: Int32

    init(_ endpoint: String, events: Int32, context: ZmqContext) throws(Errno) {
        self.events = events
        engine = try context.makeInternalEngine(Pair())
        do throws(Errno) {
            try engineCall { () throws(SocketError) in _ = try engine.bind(endpoint) }
        } catch {
            engine.close()
            throw error
        }
    }

    func tell(_ event: SocketEvent) {
        // libzmq does not tell of connections that the user has ended.
        if event.kind == .disconnected, event.reason == nil { return }
        let number = event.kind.rawValue
        guard Int32(number) & events != 0 else { return }
        var head: [UInt8] = []
        unsafe withUnsafeBytes(of: number) { unsafe head += $0 }
        unsafe withUnsafeBytes(of: UInt32(truncatingIfNeeded: event.value)) {
            unsafe head += $0
        }
        var message = Message(head)
        message.append(Frame(event.endpoint))
        // A monitor that nobody reads must not hold the socket up.
        try? Outgoing.withMessage(message) { message throws(SocketError) in
            try engine.send(message, waits: false)
        }
    }

    /// The last event, then the end.
    func stop() {
        tell(SocketEvent(.monitorStopped, ""))
        engine.close()
    }
}
