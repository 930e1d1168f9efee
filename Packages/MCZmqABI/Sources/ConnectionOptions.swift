import CMCZmq
import MCPool

/// How connections come about, and how they are kept.
enum ConnectionOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_RECONNECT_IVL: .int(\.reconnectIntervalMilliseconds, -1...Int32.max),
        ZMQ_RECONNECT_IVL_MAX: .int(\.reconnectIntervalMaxMilliseconds, 0...Int32.max),
        ZMQ_HANDSHAKE_IVL: .int(\.handshakeIntervalMilliseconds, 0...Int32.max),
        // For types of which no message waits for an endpoint that is being dialled: they have no peer to
        // send to before it is there. The others have their own (`PatternOptions`).
        ZMQ_IMMEDIATE: .idle(\.immediate, 0...1),
        ZMQ_CONNECT_TIMEOUT: .int(\.connectTimeoutMilliseconds, 0...Int32.max),
        ZMQ_HEARTBEAT_IVL: .int(\.heartbeatIntervalMilliseconds, 0...Int32.max),
        ZMQ_HEARTBEAT_TIMEOUT: .int(\.heartbeatTimeoutMilliseconds, 0...Int32.max),
        // The wire has tenths of a second, in 16 bits.
        ZMQ_HEARTBEAT_TTL: SocketOption(
            get: { socket throws(Errno) in
                .int(Int32(socket.engine.getOptions().heartbeatTTLMilliseconds / 100 * 100))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(0...6_553_599)
                socket.engine.setOptions { $0.heartbeatTTLMilliseconds = value / 100 * 100 }
            }),
    ]
}
