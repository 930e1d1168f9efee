internal import MCFacade

/// Which way messages go: sockets and a way to receive, transport, and size.
struct Path: Sendable {
    enum Name: String, CaseIterable {
        // Streams: one end sends as fast as the other takes.
        case pushPull = "push-pull"
        case pushPullInto = "push-pull-into"
        case pushPullAwait = "push-pull-await"
        case pushPullSequence = "push-pull-sequence"
        case pushPullCallback = "push-pull-callback"
        case pubSub = "pub-sub"
        // Round trips: the next message goes out when the last has come back.
        case pair
        case reqRep = "req-rep"
        case dealerRouter = "dealer-router"
    }

    /// Who plays the two ends of a round trip.
    enum Ends: String, CaseIterable {
        /// A thread each.
        case apart = ""
        /// A thread each, which answers so late that the other has gone to sleep.
        case asleep = "-asleep"
        /// One thread in turns: nobody ever waits, and each trip costs the same.
        case turns = "-turns"
    }

    let name: Name
    let ends: Ends
    let endpoint: String
    let payload: [UInt8]

    /// From the words of a command line: path, transport, size in bytes.
    init?(_ words: [String]) {
        guard words.count == 3, let bytes = Int(words[2]), bytes >= 0 else { return nil }
        let ends = Ends.allCases.last { words[0].hasSuffix($0.rawValue) } ?? .apart
        guard let name = Name(rawValue: String(words[0].dropLast(ends.rawValue.count))) else {
            return nil
        }
        self.name = name
        self.ends = ends
        switch words[1] {
        case "tcp": endpoint = "tcp://127.0.0.1:*"
        case "inproc": endpoint = "inproc://metered"
        default: return nil
        }
        payload = [UInt8](repeating: 7, count: bytes)
    }

    /// Runs the path to its end and prints the counts.
    func measure() throws {
        let context = Context()
        defer { context.close() }
        let meter = Meter(messagesPerRound: messagesPerRound)
        switch name {
        case .pair: try trips(PairSocket.init, PairSocket.init, context, meter)
        case .reqRep: try trips(ReqSocket.init, RepSocket.init, context, meter)
        case .dealerRouter: try trips(DealerSocket.init, RouterSocket.init, context, meter)
        case .pubSub: try publish(context, meter)
        default: try stream(context, meter)
        }
        meter.tell()
    }

    /// So many that a round takes some milliseconds: long against the pauses of a busy machine's
    /// scheduler, short together.
    private var messagesPerRound: Int {
        switch name {
        case .pair, .reqRep, .dealerRouter: ends == .asleep ? 100 : 1000
        default:
            switch payload.count {
            case ...1024: 20_000
            case ...16_384: 4_000
            case ...65_536: 1_000
            default: 100
            }
        }
    }

    /// Nothing waits for ever.
    var options: SocketOptions {
        var options = SocketOptions()
        options.sendTimeoutMilliseconds = 10_000
        options.receiveTimeoutMilliseconds = 10_000
        options.lingerMilliseconds = 0
        return options
    }
}
