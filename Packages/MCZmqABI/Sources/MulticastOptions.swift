import CMCZmq

/// Options of transports that are not here; libzmq has them in every build.
enum MulticastOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_RATE: .idle(\.rate, 1...Int32.max),
        ZMQ_RECOVERY_IVL: .idle(\.recoveryMilliseconds, 0...Int32.max),
        ZMQ_MULTICAST_HOPS: .idle(\.multicastHops, 1...Int32.max),
        ZMQ_MULTICAST_MAXTPDU: .idle(\.multicastMaximumBytes, 1...Int32.max),
        multicastLoop: .idle(\.multicastLoops, 0...1),
        loopbackFastPath: .idle(\.fastLoopback, 0...1),
    ]

    /// libzmq's stable builds answer these two, although their names are draft.
    private static let multicastLoop: Int32 = 96
    private static let loopbackFastPath: Int32 = 94
}
