/// What kind of work is measured, by the workers' names.
public enum Work: String, Sendable {
    case throughput
    case roundtrip
    case publish
    case route
    case connect
    case idle
    case burst

    /// The roles of the worker that binds, and of the one that connects.
    public var roles: (binds: String, connects: String) {
        switch self {
        case .throughput, .idle, .burst: ("receive", "send")
        case .roundtrip, .route, .connect: ("answer", "ask")
        case .publish: ("send", "receive")
        }
    }
}

public enum Transport: String, Sendable, CaseIterable {
    case tcp
    case ipc
    case inproc
}

/// One measurement: a work over a transport, and who does it in turns.
public struct Case: Sendable {
    public let work: Work
    public let transport: Transport
    /// The workers' options, "key=value".
    public let options: [String]
    public let contenders: [Contender]
    /// What tells it from another case with the same options.
    private let variant: String?

    init(
        _ work: Work, _ transport: Transport, _ options: String = "",
        _ contenders: [Contender] = [.ours, .libzmq], variant: String? = nil
    ) {
        self.work = work
        self.transport = transport
        self.options = options.split(separator: " ").map { String($0) }
        self.contenders = contenders
        self.variant = variant
    }

    /// The case in a few words, the same in every run: what `--only` and the targets look for.
    public var name: String {
        let words = [work.rawValue, transport.rawValue] + options + [variant].compactMap { $0 }
        return words.joined(separator: " ")
    }

    /// Bytes of a message, where the options say that.
    var size: Int? {
        options.first { $0.hasPrefix("size=") }.flatMap { Int($0.dropFirst("size=".count)) }
    }

    /// Whether nothing but the size tells it from others of its work and transport.
    var isPlain: Bool { variant == nil && options.count == 1 && size != nil }

    /// What one run of one contender takes beside its own time, in seconds: processes start, queues
    /// drain. A guess that the schedule corrects as it goes.
    var overheadSeconds: Double {
        switch work {
        case .idle: 4
        case .publish: options.contains("prefixes=10000") ? 1.5 : 0.3
        default: 0.25
        }
    }

    /// The same with at most so many connections.
    public func limited(toConnections count: Int) -> Case {
        let limited = options.map { option -> String in
            guard option.hasPrefix("connections="),
                let wanted = Int(option.dropFirst("connections=".count)), wanted > count
            else { return option }
            return "connections=\(count)"
        }
        return Case(work, transport, limited.joined(separator: " "), contenders, variant: variant)
    }
}
