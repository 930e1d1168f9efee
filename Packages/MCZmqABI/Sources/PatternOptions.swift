import CMCZmq
import MCLock
import MCPatterns
import MCPool

/// Options of single socket types.
enum PatternOptions {
    static func option(_ number: Int32, of socket: ZmqSocket) -> SocketOption? {
        #if ZMQ_BUILD_DRAFT_API
        if let option = draftTables[socket.type]?[number] { return option }
        #endif
        return tables[socket.type]?[number]
    }

    private static let tables: [Int32: [Int32: SocketOption]] = [
        ZMQ_PAIR: [
            ZMQ_IMMEDIATE: flag(\Pair.queuesForConnectedOnly, isReadable: true, isStrict: true)
        ],
        ZMQ_PUSH: [ZMQ_IMMEDIATE: immediate],
        ZMQ_DEALER: [
            ZMQ_IMMEDIATE: immediate, ZMQ_PROBE_ROUTER: flag(\BalancedPattern.probesRouters),
        ],
        ZMQ_REQ: [
            ZMQ_IMMEDIATE: immediate, ZMQ_PROBE_ROUTER: flag(\BalancedPattern.probesRouters),
            ZMQ_REQ_CORRELATE: flag(\Req.isCorrelated), ZMQ_REQ_RELAXED: flag(\Req.isRelaxed),
        ],
        ZMQ_ROUTER: [
            ZMQ_ROUTER_MANDATORY: flag(\Router.isMandatory),
            ZMQ_ROUTER_HANDOVER: flag(\Router.handsOver),
            ZMQ_PROBE_ROUTER: flag(\Router.probesRouters), ZMQ_ROUTER_RAW: flag(\Router.isRaw),
            ZMQ_CONNECT_ROUTING_ID: peerRoutingID,
        ],
        ZMQ_STREAM: [
            ZMQ_STREAM_NOTIFY: flag(\Stream.tellsOfPeers, isStrict: true),
            ZMQ_CONNECT_ROUTING_ID: peerRoutingID,
            // Of the connection that was made last.
            ZMQ_ROUTING_ID: SocketOption(
                get: { socket throws(Errno) in
                    var id: [UInt8] = []
                    try change(socket) { (pattern: Stream) in id = pattern.lastRoutingID }
                    return .bytes(id.isEmpty ? socket.engine.getOptions().routingID : id)
                },
                set: StateOptions.table[ZMQ_ROUTING_ID]?.set),
        ],
        ZMQ_SUB: [
            ZMQ_SUBSCRIBE: subscription(add: true), ZMQ_UNSUBSCRIBE: subscription(add: false),
            ZMQ_INVERT_MATCHING: .matching(\Sub.invertsMatching),
        ],
        ZMQ_XSUB: [onlyFirstSubscribe: flag(\XSub.onlyFirstSubscribes)],
        ZMQ_PUB: publisher,
        ZMQ_XPUB: publisher.merging([
            ZMQ_XPUB_VERBOSE: verbosity(.subscriptions), ZMQ_XPUB_VERBOSER: verbosity(.all),
            manualLastValue: SocketOption(set: { socket, input throws(Errno) in
                let isOn = try input.int(0...Int32.max) != 0
                try change(socket) { (pattern: XPub) in
                    pattern.isManual = isOn
                    pattern.answersLastAsker = isOn
                }
            }),
        ]) { $1 },
        // libzmq's REP is a ROUTER inside, and takes the options of one. What is sent goes to whom the
        // request came from, or to nobody, by whatever name: but for the probe there is nothing to do.
        ZMQ_REP: [
            ZMQ_PROBE_ROUTER: flag(\Rep.probesRouters), ZMQ_ROUTER_MANDATORY: ignoredFlag,
            ZMQ_ROUTER_HANDOVER: ignoredFlag,
            ZMQ_CONNECT_ROUTING_ID: SocketOption(set: { _, input throws(Errno) in
                _ = try input.bytes(1...Int.max)
            }),
        ],
    ]

    /// libzmq's stable builds answer these two, although their names are draft.
    private static let manualLastValue: Int32 = 98
    private static let onlyFirstSubscribe: Int32 = 108

    /// libzmq's PUB is an XPUB inside, and takes its options. It tells its user of no subscriptions, so
    /// that how many it would tell of is all the same, and none of them ever counts while it is manual.
    private static let publisher: [Int32: SocketOption] = [
        ZMQ_INVERT_MATCHING: .matching(\Publisher.invertsMatching),
        ZMQ_XPUB_NODROP: flag(\Publisher.waitsForRoom),
        ZMQ_XPUB_MANUAL: flag(\Publisher.isManual), ZMQ_XPUB_WELCOME_MSG: welcome,
        ZMQ_XPUB_VERBOSE: ignoredFlag, ZMQ_XPUB_VERBOSER: ignoredFlag,
        ZMQ_SUBSCRIBE: subscription(add: true), ZMQ_UNSUBSCRIBE: subscription(add: false),
        manualLastValue: flag(\Publisher.isManual),
        onlyFirstSubscribe: flag(\Publisher.onlyFirstSubscribes),
    ]

    private static let ignoredFlag = SocketOption(set: { _, input throws(Errno) in
        _ = try input.int(0...Int32.max)
    })

    /// How the peer of the next connection is to be known.
    private static let peerRoutingID = SocketOption(set: { socket, input throws(Errno) in
        let id = try input.bytes(1...Int.max)
        socket.extras.withLock { $0.nextPeerRoutingID = id }
    })

    static let immediate = flag(
        \BalancedPattern.queuesForConnectedOnly, isReadable: true, isStrict: true)

    /// A flag of a pattern's.
    static func flag<Kind: Pattern & SendableMetatype>(
        _ path: any (ReferenceWritableKeyPath<Kind, Bool> & Sendable), isReadable: Bool = false,
        isStrict: Bool = false
    ) -> SocketOption {
        var option = SocketOption(set: { socket, input throws(Errno) in
            // libzmq takes any number that is not negative for "on".
            let value = try isStrict ? input.strictFlag : input.int(0...Int32.max) != 0
            try change(socket) { (pattern: Kind) in pattern[keyPath: path] = value }
        })
        if isReadable {
            option.get = { socket throws(Errno) in
                var value = false
                try change(socket) { (pattern: Kind) in value = pattern[keyPath: path] }
                return .int(value ? 1 : 0)
            }
        }
        return option
    }

    static func change<Kind: Pattern>(
        _ socket: ZmqSocket, _ body: (Kind) -> Void
    ) throws(Errno) {
        guard let pattern = socket.pattern as? Kind else { throw .invalid }
        socket.engine.access { body(pattern) }
    }

    /// A subscription, of a SUB's own or of a manual XPUB's peer.
    private static func subscription(add: Bool) -> SocketOption {
        SocketOption(set: { socket, input throws(Errno) in
            let prefix = try input.bytes(0...Int.max)
            do throws(SocketError) {
                try socket.engine.withPattern { pattern throws(SocketError) in
                    try pattern.subscribe(prefix, add: add)
                }
            } catch {
                guard error.code == .invalidState else { throw Errno(error) }
                // A cancellation of what was never subscribed to is nothing to libzmq; what a publisher
                // cannot do unless manual is no option of it.
                if socket.type != ZMQ_SUB { throw .invalid }
            }
        })
    }

    private static func verbosity(_ level: SubscriptionVerbosity) -> SocketOption {
        SocketOption(set: { socket, input throws(Errno) in
            let isOn = try input.int(0...Int32.max) != 0
            try change(socket) { (pattern: XPub) in pattern.verbosity = isOn ? level : .news }
        })
    }

    private static let welcome = SocketOption(set: { socket, input throws(Errno) in
        let message = try input.bytes(0...Int.max)
        try change(socket) { (pattern: Publisher) in
            pattern.welcome = message.isEmpty ? nil : message
        }
    })
}

extension SocketOption {
    /// A pattern's way to match: what is not 0 turns it round.
    fileprivate static func matching<Kind: Pattern & SendableMetatype>(
        _ path: any (ReferenceWritableKeyPath<Kind, Bool> & Sendable)
    ) -> SocketOption {
        var option = PatternOptions.flag(path, isReadable: true)
        option.set = { socket, input throws(Errno) in
            let isOn = try input.flag
            try PatternOptions.change(socket) { (pattern: Kind) in pattern[keyPath: path] = isOn }
        }
        return option
    }
}
