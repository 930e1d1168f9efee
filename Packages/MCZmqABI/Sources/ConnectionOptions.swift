import CMCZmq
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
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
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
            get: { socket throws(Errno) in
                .int(Int32(clamping: socket.engine.getOptions().reconnectStop.rawValue))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(0...7)
                socket.engine.setOptions { $0.reconnectStop = ReconnectStop(rawValue: value) }
            }),
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
