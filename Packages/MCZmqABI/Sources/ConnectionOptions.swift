import CMCZmq
import MCLock
import MCPool

/// How connections come about, and how they are kept.
enum ConnectionOptions {
    /// libzmq's stable builds answer it, although its name is draft.
    private static let reconnectStop: Int32 = 109

    /// As `reconnectStop`.
    private static let metadata: Int32 = 95

    static let table: [Int32: SocketOption] = [
        metadata: SocketOption(set: { socket, input throws(Errno) in
            let text = try input.text(upTo: 4096)
            let parts = text.text.split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].hasPrefix("X-"), parts[0].utf8.count <= 255,
                !parts[1].isEmpty
            else { throw .invalid }
            socket.engine.setOptions { options in
                // What was said first stays, as in libzmq.
                if options.metadata[String(parts[0])] == nil {
                    options.metadata[String(parts[0])] = String(parts[1])
                }
            }
        }),
        reconnectStop: SocketOption(
            get: { socket throws(Errno) in .int(socket.extras.withLock { $0.reconnectStop }) },
            set: { socket, input throws(Errno) in
                let value = try input.int(Int32.min...Int32.max)
                var stop = ReconnectStop(rawValue: value & 7)
                // In libzmq 4.3.4 "after a disconnect" is 3, and asked for with either of its bits; later
                // it has one of its own.
                if value & 3 != 0 { stop.insert(.afterDisconnect) }
                socket.extras.withLock { $0.reconnectStop = Int32(value) }
                socket.engine.setOptions { $0.reconnectStop = stop }
            }),
        ZMQ_RECONNECT_IVL: .int(\.reconnectIntervalMilliseconds, -1...Int32.max),
        ZMQ_RECONNECT_IVL_MAX: .int(\.reconnectIntervalMaxMilliseconds, 0...Int32.max),
        ZMQ_HANDSHAKE_IVL: .int(\.handshakeIntervalMilliseconds, 0...Int32.max),
        // For types of which no message waits for an endpoint that is being dialled: they have no peer to
        // send to before it is there. The others have their own (`PatternOptions`).
        ZMQ_IMMEDIATE: .idle(\.immediate, 0...1),
        // For types that match nothing (`PatternOptions` has the others).
        ZMQ_INVERT_MATCHING: .idleFlag(\.invertsMatching),
        ZMQ_CONNECT_TIMEOUT: .int(\.connectTimeoutMilliseconds, 0...Int32.max),
        ZMQ_HEARTBEAT_IVL: .int(\.heartbeatIntervalMilliseconds, 0...Int32.max),
        ZMQ_HEARTBEAT_TIMEOUT: .int(\.heartbeatTimeoutMilliseconds, 0...Int32.max),
        // The wire has tenths of a second, in 16 bits. What is less than one is none, of either sign.
        ZMQ_HEARTBEAT_TTL: SocketOption(
            get: { socket throws(Errno) in
                .int(Int32(socket.engine.getOptions().heartbeatTTLMilliseconds / 100 * 100))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(-99...6_553_599)
                socket.engine.setOptions { $0.heartbeatTTLMilliseconds = value / 100 * 100 }
            }),
    ]
}
