import CMCZmq

/// Every socket option of zmq.h. What each does is libzmq 4.3.4's to say: `OptionTableTests` holds the
/// distribution's library against the same rows.
enum OptionTable {
    static let rows =
        states + queues + connections + kernel + filters + patterns + security + multicast

    /// What is said of a socket, and cannot be set.
    private static let states: [OptionRow] = [
        .state("ZMQ_TYPE", nil, "MCZmqABITests/OptionTests/whatASocketIs").with {
            $0.form = .int
        },
        .state("ZMQ_RCVMORE", .int(0), "MCZmqABITests/MessageTests/frameByFrame"),
        // libzmq's thread-safe sockets have none; of ours every one has.
        .state("ZMQ_FD", nil, "MCZmqABITests/EffectTests/descriptorAndEvents"),
        .state("ZMQ_EVENTS", nil, "MCZmqABITests/EffectTests/descriptorAndEvents"),
        .state(
            "ZMQ_THREAD_SAFE", nil, "test_thread_safe", "MCZmqABITests/OptionTests/whatASocketIs"),
        OptionRow(
            name: "ZMQ_LAST_ENDPOINT", form: .text, access: .read, fresh: .text(""),
            effects: ["test_last_endpoint"]),
    ]

    /// What waits where, and for how long.
    private static let queues: [OptionRow] = [
        .int("ZMQ_SNDHWM", 1000, good: [5, 0], bad: [-1], "test_sockopt_hwm"),
        .int("ZMQ_RCVHWM", 1000, good: [5, 0], bad: [-1], "test_sockopt_hwm"),
        .int("ZMQ_SNDTIMEO", -1, good: [3, 0, -1], bad: [-2], "test_timeo"),
        .int("ZMQ_RCVTIMEO", -1, good: [3, 0, -1], bad: [-2], "test_timeo"),
        .int("ZMQ_LINGER", -1, good: [250, 0, -1], bad: [-2], "MCZmqABITests/EffectTests/linger")
            .with { row in
                for type in SocketTypes.subscribers { row.freshOf[type] = .int(0) }
            },
        .flag("ZMQ_CONFLATE", 0, "test_conflate"),
        OptionRow(
            name: "ZMQ_MAXMSGSIZE", form: .long, fresh: .long(-1),
            good: [0, 12, .max, -1, .min].map { (.long($0), .long($0)) },
            effects: ["MCZmqABITests/EffectTests/maximumMessageSize"]),
    ]

    /// How connections come about, and how they are kept.
    private static let connections: [OptionRow] = [
        OptionRow(
            name: "ZMQ_AFFINITY", form: .long, fresh: .long(0),
            good: [1, .max, -1, 0].map { (.long($0), .long($0)) },
            effects: ["MCZmqABITests/AffinityTests/affinity"]),
        OptionRow(
            name: "ZMQ_ROUTING_ID", form: .bytes, fresh: .bytes([]),
            good: [OptionSample.text("a"), .bytes([0, 1, 0]), .many(255)].map { ($0, $0) },
            bad: [.bytes([]), .null, .many(256)], effects: ["test_spec_router"]),
        .int(
            "ZMQ_RECONNECT_IVL", 100, good: [1, 0, -1], bad: [-2], "test_reconnect_ivl",
            "MCZmqABITests/EffectTests/reconnectPauses"),
        .int(
            "ZMQ_RECONNECT_IVL_MAX", 0, good: [9, 0], bad: [-1],
            "MCZmqABITests/EffectTests/reconnectPauses"),
        .int(
            "ZMQ_RECONNECT_STOP", 0, good: [1, 2, 3, 7, 0, -1, .max], bad: [],
            "test_reconnect_options", "MCZmqABITests/EffectTests/reconnectStopsAfterDisconnect"),
        .int(
            "ZMQ_HANDSHAKE_IVL", 30_000, good: [9, 0], bad: [-1],
            "MCZmqABITests/EffectTests/handshakeInterval"),
        .int(
            "ZMQ_CONNECT_TIMEOUT", 0, good: [9, 0], bad: [-1],
            "MCZmqABITests/EffectTests/connectTimeout"),
        .int("ZMQ_HEARTBEAT_IVL", 0, good: [9, 0], bad: [-1], "test_heartbeats"),
        .int(
            "ZMQ_HEARTBEAT_TIMEOUT", -1, good: [9, 0], bad: [-1],
            "MCZmqABITests/EffectTests/heartbeatTimeout"),
        OptionRow(
            name: "ZMQ_HEARTBEAT_TTL", fresh: .int(0),
            good: [(300, 300), (199, 100), (99, 0), (-99, 0), (6_553_599, 6_553_500)].map {
                (.int($0.0), .int($0.1))
            },
            bad: [.int(-100), .int(6_553_600)], effects: ["test_heartbeats"]),
        OptionRow(
            name: "ZMQ_METADATA", form: .text, access: .write,
            good: [(.text("X-Key:value"), .null), (.text("X-Key:a:b"), .null)],
            bad: [
                .text("Key:value"), .text("X-Key:"), .text(":value"), .text("X-Key"), .bytes([]),
                .bytes(Array("X-".utf8) + Array(repeating: 65, count: 254) + Array(":x".utf8)),
            ], effects: ["test_app_meta"]),
        .flag("ZMQ_IMMEDIATE", 0, "MCZmqABITests/OptionTests/immediateWaitsForThePeer"),
    ]

    /// What is the kernel's.
    private static let kernel: [OptionRow] = [
        .int(
            "ZMQ_SNDBUF", -1, good: [4096, 0, -1], bad: [-2], "MCZmqABITests/KernelTests/buffers"),
        .int(
            "ZMQ_RCVBUF", -1, good: [4096, 0, -1], bad: [-2], "MCZmqABITests/KernelTests/buffers"),
        .int("ZMQ_BACKLOG", 100, good: [7, 0], bad: [-1], "MCZmqABITests/KernelTests/backlog"),
        .int("ZMQ_TOS", 0, good: [8, 0], bad: [-1], "MCZmqABITests/KernelTests/typeOfService"),
        .int("ZMQ_PRIORITY", 0, good: [3, 0], bad: [-1], "MCZmqABITests/KernelTests/priority")
            .with { $0.isDraft = true },
        .int(
            "ZMQ_TCP_KEEPALIVE", -1, good: [0, 1, -1], bad: [-2, 2],
            "MCZmqABITests/KernelTests/keepAlive"),
        .int(
            "ZMQ_TCP_KEEPALIVE_CNT", -1, good: [0, 4, -1], bad: [-2],
            "MCZmqABITests/KernelTests/keepAlive"),
        .int(
            "ZMQ_TCP_KEEPALIVE_IDLE", -1, good: [0, 4, -1], bad: [-2],
            "MCZmqABITests/KernelTests/keepAlive"),
        .int(
            "ZMQ_TCP_KEEPALIVE_INTVL", -1, good: [0, 4, -1], bad: [-2],
            "MCZmqABITests/KernelTests/keepAlive"),
        .int(
            "ZMQ_TCP_MAXRT", 0, good: [9, 0], bad: [-1],
            "MCZmqABITests/KernelTests/retransmission"),
        .flag("ZMQ_IPV6", 0, "MCZmqABITests/EffectTests/addressFamilies"),
        .flag("ZMQ_IPV4ONLY", 1, "MCZmqABITests/EffectTests/addressFamilies"),
        .int("ZMQ_USE_FD", -1, good: [1, 0, -1], bad: [-2], "test_use_fd"),
        .text(
            "ZMQ_BINDTODEVICE", good: ["lo", "sixteen-letters!"],
            bad: [.bytes([]), .many(17)], "MCZmqABITests/KernelTests/device"),
        .text("ZMQ_SOCKS_PROXY", good: ["127.0.0.1:1080"], bad: [.bytes([])], "test_socks"),
        .text("ZMQ_SOCKS_USERNAME", good: ["somebody"], bad: [.many(256)], "test_socks").with {
            $0.good.append((.bytes([]), .bytes([])))
        },
        .text("ZMQ_SOCKS_PASSWORD", good: ["secret"], bad: [.many(256)], "test_socks").with {
            $0.good.append((.bytes([]), .bytes([])))
        },
    ].map { row in
        // No text takes the setting back.
        row.form == .text ? row.with { $0.good.append((.null, .bytes([]))) } : row
    }

    /// Whose connections are accepted.
    private static let filters: [OptionRow] =
        [
            OptionRow(
                name: "ZMQ_TCP_ACCEPT_FILTER", form: .text, access: .write,
                good: ["127.0.0.1", "10.0.0.0/8", "127.0.0.1/32\0"].map { (.text($0), .null) }
                    + [(.null, .null)],
                bad: [
                    .bytes([]), .text("127.0.0.1/33"), .text("no such host"), .text("\0"),
                    .many(256),
                ], effects: ["test_tcp_accept_filter"])
        ]
        + ["ZMQ_IPC_FILTER_PID", "ZMQ_IPC_FILTER_UID", "ZMQ_IPC_FILTER_GID"].map { name in
            OptionRow(
                name: name, access: .write,
                good: [(.int(0), .null), (.int(-1), .null), (.int(77), .null), (.null, .null)],
                effects: ["test_filter_ipc"])
        }
}

/// The socket types by number, and what is said of several.
enum SocketTypes {
    #if ZMQ_BUILD_DRAFT_API
    static let isDraft = true
    static let all = Array(ZMQ_PAIR...ZMQ_CHANNEL)
    static let subscribers: Set<Int32> = [ZMQ_SUB, ZMQ_XSUB, ZMQ_DISH]
    /// What libzmq calls so; all of ours are.
    static let threadSafe = Set(ZMQ_SERVER...ZMQ_CHANNEL).subtracting([ZMQ_DGRAM])
    #else
    static let isDraft = false
    static let all = Array(ZMQ_PAIR...ZMQ_STREAM)
    static let subscribers: Set<Int32> = [ZMQ_SUB, ZMQ_XSUB]
    static let threadSafe: Set<Int32> = []
    #endif
}
