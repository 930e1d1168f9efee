#if ZMQ_BUILD_DRAFT_API
import CMCZmq
import MCPatterns
import MCPool
import MCTransport

extension PatternOptions {
    static let draftTables: [Int32: [Int32: SocketOption]] = [
        ZMQ_CLIENT: [
            ZMQ_IMMEDIATE: immediate, ZMQ_HELLO_MSG: message(\BalancedPattern.greetings.hello),
        ],
        ZMQ_SCATTER: [ZMQ_IMMEDIATE: immediate],
        ZMQ_DEALER: [ZMQ_HELLO_MSG: message(\BalancedPattern.greetings.hello)],
        ZMQ_ROUTER: [
            ZMQ_HELLO_MSG: message(\Router.greetings.hello),
            ZMQ_DISCONNECT_MSG: message(\Router.greetings.farewell),
            ZMQ_ROUTER_NOTIFY: SocketOption(
                get: { socket throws(Errno) in
                    var told: PeerNotices = []
                    try change(socket) { (pattern: Router) in told = pattern.toldOfPeers }
                    return .int(Int32(told.rawValue))
                },
                set: { socket, input throws(Errno) in
                    let told = PeerNotices(rawValue: UInt8(try input.int(0...3)))
                    try change(socket) { (pattern: Router) in pattern.toldOfPeers = told }
                }),
        ],
        ZMQ_SERVER: server,
        ZMQ_PEER: server,
        ZMQ_RADIO: [ZMQ_XPUB_NODROP: flag(\Radio.waitsForRoom)],
    ]

    /// What libzmq takes from any socket, whether it does anything with it or not.
    static let draftForAll: [Int32: SocketOption] = [
        ZMQ_HELLO_MSG: ignored, ZMQ_DISCONNECT_MSG: ignored,
        ZMQ_ROUTER_NOTIFY: .read { _ throws(Errno) in .int(0) },
        ZMQ_PRIORITY: .int(\.link.packetPriority, 0...Int32.max),
        // How much is read and written at once is the engine's business: kept, and nothing else.
        ZMQ_IN_BATCH_SIZE: .idle(\.inBatchBytes, 1...Int32.max),
        ZMQ_OUT_BATCH_SIZE: .idle(\.outBatchBytes, 1...Int32.max),
    ]

    private static let server: [Int32: SocketOption] = [
        ZMQ_HELLO_MSG: message(\Server.greetings.hello),
        ZMQ_DISCONNECT_MSG: message(\Server.greetings.farewell),
    ]

    private static let ignored = SocketOption(set: { _, input throws(Errno) in
        _ = try input.bytes(0...Int.max)
    })

    private static func message<Kind: Pattern & SendableMetatype>(
        _ path: any (ReferenceWritableKeyPath<Kind, [UInt8]> & Sendable)
    ) -> SocketOption {
        SocketOption(set: { socket, input throws(Errno) in
            let bytes = try input.bytes(0...Int.max)
            try change(socket) { (pattern: Kind) in pattern[keyPath: path] = bytes }
        })
    }
}
#endif
