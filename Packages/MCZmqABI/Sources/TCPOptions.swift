import CMCZmq
import MCPool
import MCTransport

/// What is the kernel's.
enum TCPOptions {
    /// libzmq's stable builds answer these two, although their names are draft.
    private static let socksUsername: Int32 = 99
    private static let socksPassword: Int32 = 100

    static let table: [Int32: SocketOption] = [
        ZMQ_SNDBUF: .int(\.sendBufferBytes, -1...Int32.max),
        ZMQ_RCVBUF: .int(\.receiveBufferBytes, -1...Int32.max),
        ZMQ_BACKLOG: .int(\.link.backlog, 0...Int32.max),
        ZMQ_TOS: .int(\.link.typeOfService, 0...Int32.max),
        ZMQ_TCP_KEEPALIVE_CNT: .systemInt(\.link.keepAliveCount, -1...Int32.max),
        ZMQ_TCP_KEEPALIVE_IDLE: .systemInt(\.link.keepAliveIdleSeconds, -1...Int32.max),
        ZMQ_TCP_KEEPALIVE_INTVL: .systemInt(\.link.keepAliveIntervalSeconds, -1...Int32.max),
        ZMQ_BINDTODEVICE: .text(ZMQ_BINDTODEVICE, \.link.device, upTo: 16),
        ZMQ_SOCKS_PROXY: .text(ZMQ_SOCKS_PROXY, \.link.proxyAddress, upTo: Int.max),
        socksUsername: .text(
            socksUsername, \.link.proxyUsername, upTo: 255, isEmptyAllowed: true),
        socksPassword: .text(
            socksPassword, \.link.proxyPassword, upTo: 255, isEmptyAllowed: true),
        ZMQ_USE_FD: .idle(\.descriptor, -1...Int32.max),
        ZMQ_TCP_KEEPALIVE: SocketOption(
            get: { socket throws(Errno) in
                .int(socket.engine.getOptions().link.keepAlive.map { $0 ? 1 : 0 } ?? -1)
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(-1...1)
                socket.engine.setOptions { $0.link.keepAlive = value < 0 ? nil : value == 1 }
            }),
        // 0 is the system's choice.
        ZMQ_TCP_MAXRT: SocketOption(
            get: { socket throws(Errno) in
                .int(
                    Int32(
                        clamping: socket.engine.getOptions().link.unacknowledgedMilliseconds ?? 0))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(0...Int32.max)
                socket.engine.setOptions {
                    $0.link.unacknowledgedMilliseconds = value == 0 ? nil : value
                }
            }),
        ZMQ_IPV6: SocketOption(
            get: { socket throws(Errno) in .int(socket.engine.getOptions().link.ipv6 ? 1 : 0) },
            set: { socket, input throws(Errno) in
                let value = try input.strictFlag
                socket.engine.setOptions { $0.link.ipv6 = value }
            }),
        // The older name of its opposite.
        ZMQ_IPV4ONLY: SocketOption(
            get: { socket throws(Errno) in .int(socket.engine.getOptions().link.ipv6 ? 0 : 1) },
            set: { socket, input throws(Errno) in
                let value = try input.strictFlag
                socket.engine.setOptions { $0.link.ipv6 = !value }
            }),
    ]
}
