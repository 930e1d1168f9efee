import CMCZmq
import Glibc
import MCLock
import MCPatterns
import MCPool

@c @implementation
public func zmq_socket_monitor(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?, _ events: Int32
) -> Int32 {
    unsafe setMonitor(
        socket, endpoint, events: UInt64(bitPattern: Int64(events)), version: 1, type: ZMQ_PAIR)
}

func setMonitor(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?, events: UInt64,
    version: Int32, type: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            // The first version's events have 16 bits.
            if version == 1, events >> 16 != 0 { throw .invalid }
            let text = unsafe endpoint.map { unsafe String(cString: $0) }
            let format: MonitorFormat? = version == 1 ? .short : version == 2 ? .long : nil
            try socket.setMonitor(text, events: events, format: format, type: type)
        }
    }
}

extension ZmqSocket {
    /// Sends what happens to the socket to one of the user's; nil ends it.
    fileprivate func setMonitor(
        _ endpoint: String?, events: UInt64, format: MonitorFormat?, type: Int32
    ) throws(Errno) {
        var made: MonitorSocket?
        if let endpoint {
            let parts = endpoint.split(separator: "://", maxSplits: 1)
            guard parts.count == 2 else { throw .invalid }
            guard parts[0] == "inproc" else { throw Errno(EPROTONOSUPPORT) }
            // One that is bound there already would be in the way.
            monitor.withLock { monitor in
                defer { monitor = nil }
                return monitor
            }?.stop()
            guard let format, [ZMQ_PAIR, ZMQ_PUB, ZMQ_PUSH].contains(type),
                let pattern = SocketKind.makePattern(type)
            else { throw .invalid }
            made = try MonitorSocket(
                endpoint, events: events, format: format, pattern: pattern, context: context)
        }
        let old = monitor.withLock { monitor in
            defer { monitor = made }
            return monitor
        }
        old?.stop()
        if let made { engine.watchEvents { made.tell($0) } } else { engine.watchEvents(nil) }
    }
}
