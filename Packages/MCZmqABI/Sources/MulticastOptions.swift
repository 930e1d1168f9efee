import CMCZmq
import MCPool
import MCTransport

/// Options of multicast, most of them of transports that are not here; libzmq has them in every build.
enum MulticastOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_RATE: .idle(\.rate, 1...Int32.max),
        ZMQ_RECOVERY_IVL: .idle(\.recoveryMilliseconds, 0...Int32.max),
        ZMQ_MULTICAST_HOPS: .int(\.link.multicastHops, 1...Int32.max),
        ZMQ_MULTICAST_MAXTPDU: .idle(\.multicastMaximumBytes, 1...Int32.max),
        multicastLoop: SocketOption(
            get: { socket throws(Errno) in
                .int(socket.engine.getOptions().link.multicastLoops ? 1 : 0)
            },
            set: { socket, input throws(Errno) in
                let loops = try input.flag
                socket.engine.setOptions { $0.link.multicastLoops = loops }
            }),
        loopbackFastPath: .idleFlag(\.fastLoopback),
    ]

    /// libzmq's stable builds answer these two, although their names are draft.
    private static let multicastLoop: Int32 = 96
    private static let loopbackFastPath: Int32 = 94
}
