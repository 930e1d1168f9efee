import CMCZmq
import MCMemory
import MCPatterns
import MCPool

/// How a monitor sends what it tells.
enum MonitorFormat {
    /// The event's number (16 bits) and value (32 bits) in one frame, and the endpoint
    /// (zmq_socket_monitor(3)).
    case short
    /// A frame of 64 bits each for the number, how many values there are, and these; then the local and
    /// the remote endpoint (zmq_socket_monitor_versioned(3)).
    case long

    func message(
        _ event: UInt64, values: [UInt64], place: (endpoint: String, local: String, remote: String)
    ) -> Message {
        switch self {
        case .short:
            var message = Message(
                bytes(UInt16(truncatingIfNeeded: event))
                    + bytes(UInt32(truncatingIfNeeded: values.first ?? 0)))
            message.append(Frame(place.endpoint))
            return message
        case .long:
            var message = Message(bytes(event))
            message.append(Frame(bytes(UInt64(values.count))))
            for value in values { message.append(Frame(bytes(value))) }
            message.append(Frame(place.local))
            message.append(Frame(place.remote))
            return message
        }
    }

    private func bytes<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) -> [UInt8] {
        unsafe withUnsafeBytes(of: number) { unsafe [UInt8]($0) }
    }
}

/// The socket to which a monitored socket's events are sent.
final class MonitorSocket: Sendable {
    private let engine: SocketEngine
    private let events: UInt64
    private let format: MonitorFormat

    /// - Parameter pattern: of a type that sends, and needs no answer.
    init(
        _ endpoint: String, events: UInt64, format: MonitorFormat, pattern: any Pattern,
        context: ZmqContext
    ) throws(Errno) {
        self.events = events
        self.format = format
        engine = try context.makeInternalEngine(pattern)
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
        // A number of 32 bits, whatever room it is sent in.
        let value = UInt64(UInt32(truncatingIfNeeded: event.value))
        send(
            UInt64(event.kind.rawValue), [value],
            (event.endpoint, event.localEndpoint, event.remoteEndpoint))
    }

    func wants(_ event: UInt64) -> Bool { events & event != 0 }

    func send(
        _ event: UInt64, _ values: [UInt64],
        _ place: (endpoint: String, local: String, remote: String)
    ) {
        guard wants(event) else { return }
        let message = format.message(event, values: values, place: place)
        // A monitor that nobody reads must not hold the socket up.
        try? Outgoing.withMessage(message) { message throws(SocketError) in
            try engine.send(message, waits: false)
        }
    }

    /// The last event, then the end.
    func stop() {
        tell(SocketEvent(.monitorStopped))
        engine.close()
    }
}
