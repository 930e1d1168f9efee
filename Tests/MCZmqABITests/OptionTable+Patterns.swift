import CMCZmq

extension OptionTable {
    private static let publishers: Set<Int32> = [ZMQ_PUB, ZMQ_XPUB]
    private static let routers: Set<Int32> = [ZMQ_ROUTER, ZMQ_REP]

    /// Options of single socket types. libzmq's PUB takes those of XPUB, and its REP those of ROUTER, for
    /// that is what they are inside.
    static let patterns: [OptionRow] = [
        OptionRow(
            name: "ZMQ_SUBSCRIBE", form: .bytes, access: .write,
            good: [(.bytes([]), .null), (.null, .null), (.text("topic"), .null)],
            types: [ZMQ_SUB], effects: ["test_sub_forward"]),
        OptionRow(
            name: "ZMQ_UNSUBSCRIBE", form: .bytes, access: .write,
            good: [(.bytes([]), .null), (.text("never wanted"), .null)],
            types: [ZMQ_SUB], effects: ["MCZmqABITests/PatternEffectTests/unsubscribing"]),
        .relaxedFlag("ZMQ_INVERT_MATCHING", 0, "test_pub_invert_matching"),
        .patternFlag("ZMQ_XPUB_VERBOSE", of: publishers, "test_xpub_verbose"),
        .patternFlag("ZMQ_XPUB_VERBOSER", of: publishers, "test_xpub_verbose"),
        .patternFlag(
            "ZMQ_XPUB_MANUAL", of: publishers, "test_xpub_manual",
            "MCZmqABITests/PatternEffectTests/aManualPublisher"),
        .patternFlag(
            "ZMQ_XPUB_MANUAL_LAST_VALUE", of: publishers,
            "MCZmqABITests/PatternEffectTests/lastValueGoesToWhoAsked"),
        .patternFlag(
            "ZMQ_ONLY_FIRST_SUBSCRIBE", of: [ZMQ_PUB, ZMQ_XPUB, ZMQ_XSUB],
            "MCZmqABITests/PatternEffectTests/onlyTheFirstFrameSubscribes"),
        .patternFlag(
            "ZMQ_XPUB_NODROP", of: publishers.union(SocketTypes.radio), "test_xpub_nodrop"),
        OptionRow(
            name: "ZMQ_XPUB_WELCOME_MSG", form: .bytes, access: .write,
            good: [(.text("hello"), .null), (.bytes([]), .null), (.null, .null)],
            types: publishers,
            effects: ["test_xpub_welcome_msg", "MCZmqABITests/PatternEffectTests/welcome"]),
        .patternFlag("ZMQ_REQ_CORRELATE", of: [ZMQ_REQ], "test_req_correlate"),
        .patternFlag("ZMQ_REQ_RELAXED", of: [ZMQ_REQ], "test_req_relaxed"),
        .patternFlag(
            "ZMQ_PROBE_ROUTER", of: routers.union([ZMQ_DEALER, ZMQ_REQ]), "test_probe_router",
            "MCZmqABITests/PatternEffectTests/aRepProbes"),
        .patternFlag("ZMQ_ROUTER_MANDATORY", of: routers, "test_router_mandatory"),
        .patternFlag("ZMQ_ROUTER_HANDOVER", of: routers, "test_router_handover"),
        // A REP of bytes without messages is none: there is no empty frame to reply behind.
        .patternFlag(
            "ZMQ_ROUTER_RAW", of: [ZMQ_ROUTER], "MCZmqABITests/PatternEffectTests/rawRouter"
        )
        .with { $0.refusedBy = [ZMQ_REP] },
        OptionRow(
            name: "ZMQ_ROUTER_NOTIFY", fresh: .int(0),
            good: [1, 2, 3, 0].map { (.int($0), .int($0)) }, bad: [.int(4), .int(-1)],
            types: [ZMQ_ROUTER], isReadByAll: true, refusedBy: [ZMQ_REP], isDraft: true,
            effects: ["test_router_notify"]),
        OptionRow(
            name: "ZMQ_CONNECT_ROUTING_ID", form: .bytes, access: .write,
            good: [(.text("name"), .null), (.many(300), .null)], bad: [.bytes([]), .null],
            types: routers.union([ZMQ_STREAM]), effects: ["test_connect_rid"]),
        OptionRow(
            name: "ZMQ_STREAM_NOTIFY", access: .write,
            good: [(.int(0), .null), (.int(1), .null)], bad: [.int(2), .int(-1)],
            types: [ZMQ_STREAM], effects: ["MCZmqABITests/PatternEffectTests/streamNotices"]),
        .message("ZMQ_HELLO_MSG", "test_hello_msg"),
        .message("ZMQ_DISCONNECT_MSG", "test_disconnect_msg"),
    ]

    /// What there is no mechanism or transport for. PLAIN and CURVE answer EINVAL as they do in libzmq
    /// without CURVE.
    static let security: [OptionRow] = [
        .state("ZMQ_MECHANISM", .int(ZMQ_NULL), "MCZmqABITests/OptionTests/whatASocketIs").with {
            $0.form = .int
        },
        OptionRow(
            name: "ZMQ_ZAP_DOMAIN", form: .text, fresh: .text(""),
            good: [(.text("global"), .text("global")), (.many(255), .many(255))],
            bad: [.bytes([]), .null, .many(256)], idle: "nobody is asked: there is no ZAP"),
        .relaxedFlag("ZMQ_ZAP_ENFORCE_DOMAIN").with {
            $0.idle = "nobody is asked: there is no ZAP"
        },
        .refused("ZMQ_PLAIN_SERVER", .int(1), .int(0)),
        .refused("ZMQ_PLAIN_USERNAME", .text("name"), .null),
        .refused("ZMQ_PLAIN_PASSWORD", .text("word"), .null),
        .refused("ZMQ_CURVE_SERVER", .int(1), .int(0)),
        .refused("ZMQ_CURVE_PUBLICKEY", .many(32), .many(40)),
        .refused("ZMQ_CURVE_SECRETKEY", .many(32), .many(40)),
        .refused("ZMQ_CURVE_SERVERKEY", .many(32), .many(40)),
        .refused("ZMQ_GSSAPI_SERVER", .int(1), .int(0)),
        .refused("ZMQ_GSSAPI_PLAINTEXT", .int(1), .int(0)),
        .refused("ZMQ_GSSAPI_PRINCIPAL", .text("name")),
        .refused("ZMQ_GSSAPI_SERVICE_PRINCIPAL", .text("name")),
        .refused("ZMQ_GSSAPI_PRINCIPAL_NAMETYPE", .int(0), .int(1)),
        .refused("ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE", .int(0), .int(1)),
        .refused("ZMQ_VMCI_BUFFER_SIZE", .long(4096)),
        .refused("ZMQ_VMCI_BUFFER_MIN_SIZE", .long(4096)),
        .refused("ZMQ_VMCI_BUFFER_MAX_SIZE", .long(4096)),
        .refused("ZMQ_VMCI_CONNECT_TIMEOUT", .int(1)),
        .refused("ZMQ_WSS_KEY_PEM", .text("key")),
        .refused("ZMQ_WSS_CERT_PEM", .text("certificate")),
        .refused("ZMQ_WSS_TRUST_PEM", .text("trust")),
        .refused("ZMQ_WSS_HOSTNAME", .text("host")),
        .refused("ZMQ_WSS_TRUST_SYSTEM", .int(1)),
    ]

    /// Of transports that are not here, kept as libzmq keeps them that was built without those; and of
    /// datagrams, which are a draft's.
    static let multicast: [OptionRow] = [
        .int("ZMQ_RATE", 100, good: [9, .max], bad: [0, -1]).idle("of PGM and NORM"),
        .int("ZMQ_RECOVERY_IVL", 10_000, good: [0, 9], bad: [-1]).idle("of PGM and NORM"),
        .int("ZMQ_MULTICAST_MAXTPDU", 1500, good: [1, 9], bad: [0]).idle("of PGM and NORM"),
        .int(
            "ZMQ_MULTICAST_HOPS", 1, good: [2, 255], bad: [0, -1],
            "MCZmqABITests/KernelTests/multicast"),
        .relaxedFlag("ZMQ_MULTICAST_LOOP", 1, "MCZmqABITests/KernelTests/multicast"),
        .relaxedFlag("ZMQ_LOOPBACK_FASTPATH").idle("of Windows"),
        .int("ZMQ_IN_BATCH_SIZE", 8192, good: [1, .max], bad: [0, -1])
            .idle("the engine reads as much as there is").with { $0.isDraft = true },
        .int("ZMQ_OUT_BATCH_SIZE", 8192, good: [1, .max], bad: [0, -1])
            .idle("the engine writes as much as there is").with { $0.isDraft = true },
    ]
}

extension OptionRow {
    fileprivate func idle(_ reason: String) -> OptionRow { with { $0.idle = reason } }

    /// A message that is sent or received at a connection's end or beginning; any type takes it.
    fileprivate static func message(_ name: String, _ effect: String) -> OptionRow {
        OptionRow(
            name: name, form: .bytes, access: .write,
            good: [(.text("hello"), .null), (.bytes([]), .null), (.null, .null)], isDraft: true,
            effects: [effect])
    }
}

extension SocketTypes {
    #if ZMQ_BUILD_DRAFT_API
    static let radio: Set<Int32> = [ZMQ_RADIO]
    #else
    static let radio: Set<Int32> = []
    #endif
}
