/// What came out for one contender of a case: its runs, and their medians.
public struct Outcome: Encodable, Sendable {
    public let contender: String
    public let library: Library
    public private(set) var runs: [Run] = []

    /// Medians of the runs that succeeded.
    public private(set) var messagesPerSecond: Double?
    public private(set) var bytesPerSecond: Double?
    public private(set) var p50Microseconds: Double?
    public private(set) var p99Microseconds: Double?
    public private(set) var p999Microseconds: Double?
    public private(set) var cpuSecondsPerMillion: Double?
    public private(set) var processorPercent: Double?
    public private(set) var peakKiB: Double?
    public private(set) var residentKiB: Double?
    /// The largest of all runs.
    public private(set) var stolenPercent = 0.0
    public private(set) var foreignPercent = 0.0

    public init(_ contender: Contender) {
        self.contender = contender.label
        library = contender.library
    }

    public var errors: [String] { runs.compactMap(\.error) }

    /// What failed twice fails again, and may take long to do so.
    public var isHopeless: Bool { errors.count >= 2 }

    public mutating func add(_ run: Run) {
        runs.append(run)
        let good = runs.filter { $0.error == nil }
        func middle(_ value: (Run) -> Double?) -> Double? { median(good.compactMap(value)) }
        messagesPerSecond = middle { $0.messagesPerSecond }
        bytesPerSecond = middle { $0.bytesPerSecond }
        p50Microseconds = middle { $0.microseconds(\.p50Microseconds) }
        p99Microseconds = middle { $0.microseconds(\.p99Microseconds) }
        p999Microseconds = middle { $0.microseconds(\.p999Microseconds) }
        cpuSecondsPerMillion = middle { $0.cpuSecondsPerMillion }
        processorPercent = middle { $0.processorPercent }
        peakKiB = middle { $0.peakKiB }
        residentKiB = middle { $0.residentKiB }
        stolenPercent = max(stolenPercent, run.stolenPercent)
        foreignPercent = max(foreignPercent, run.foreignPercent)
    }
}

/// What came out for all contenders of a case.
public struct CaseResult: Encodable, Sendable {
    public let name: String
    public let work: String
    public let transport: String
    public var outcomes: [Outcome]
    /// What was not done as asked, in words.
    public var note: String?

    public init(_ measured: Case, note: String? = nil) {
        name = measured.name
        work = measured.work.rawValue
        transport = measured.transport.rawValue
        outcomes = measured.contenders.map { Outcome($0) }
        self.note = note
    }

    /// By its label.
    public func outcome(_ contender: String) -> Outcome? {
        outcomes.first { $0.contender == contender }
    }

    public var hasFailed: Bool { outcomes.contains { !$0.errors.isEmpty } }
}

/// Everything that was measured, and where: a file of results.
public struct Results: Encodable, Sendable {
    public var mode: String
    public var date: String
    public var machine: String
    public var pinning: String
    public var libzmq = ""
    public var cases: [CaseResult] = []

    public init(mode: String, date: String, machine: String, pinning: String) {
        self.mode = mode
        self.date = date
        self.machine = machine
        self.pinning = pinning
    }

    public func result(_ name: String) -> CaseResult? { cases.first { $0.name == name } }
}
