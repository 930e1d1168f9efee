/// The table that is printed while it is measured: a line for each contender of a case.
public enum ResultTable {
    private static let columns: [(title: String, width: Int)] = [
        ("contender", 14), ("msg/s", 8), ("MB/s", 8), ("ratio", 7), ("p50 us", 8), ("p99 us", 8),
        ("p99.9 us", 8), ("cpu s/M", 8), ("peak MiB", 9), ("stolen %", 8), ("others %", 9),
        ("runs", 5),
    ]

    public static var heading: String { line(columns.map(\.title)) }

    /// The case's name, its outcomes, and what went wrong.
    public static func lines(_ result: CaseResult) -> [String] {
        var lines = [result.name + (result.note.map { "   (\($0))" } ?? "")]
        for outcome in result.outcomes {
            lines.append(line(fields(outcome, in: result)))
            lines += outcome.errors.map { "      ERROR: \($0)" }
        }
        return lines
    }

    private static func line(_ fields: [String]) -> String {
        let padded = zip(fields, columns).enumerated().map { index, pair in
            Text.padded(pair.0, to: pair.1.width, left: index > 0)
        }
        return "  " + padded.joined(separator: " ")
    }

    private static func fields(_ outcome: Outcome, in result: CaseResult) -> [String] {
        func time(_ value: Double?) -> String { value.map { Text.digits($0) } ?? "-" }
        let isIdle = result.work == Work.idle.rawValue
        let memory = isIdle ? outcome.residentKiB : outcome.peakKiB
        let isDisturbed = outcome.runs.contains { $0.isDisturbed }
        return [
            outcome.contender,
            Text.amount(outcome.messagesPerSecond),
            outcome.bytesPerSecond.map { Text.digits($0 / 1e6) } ?? "-",
            ratio(outcome, in: result).map { Text.fixed($0, 2) + "x" } ?? "",
            time(outcome.p50Microseconds), time(outcome.p99Microseconds),
            time(outcome.p999Microseconds),
            // A processor that does nothing is told in percent.
            isIdle
                ? outcome.processorPercent.map { Text.fixed($0, 2) + "%" } ?? "-"
                : outcome.cpuSecondsPerMillion.map { Text.fixed($0, 3) } ?? "-",
            memory.map { Text.fixed($0 / 1024, 1) } ?? "-",
            Text.fixed(outcome.stolenPercent, 1),
            Text.fixed(outcome.foreignPercent, 0) + (isDisturbed ? "!" : ""),
            "\(outcome.runs.count)",
        ]
    }

    /// To libzmq: of the rate, of p50 where a time is what matters, of memory where nothing happens.
    public static func ratio(_ outcome: Outcome, in result: CaseResult) -> Double? {
        guard outcome.library != .libzmq, let libzmq = result.outcome("libzmq") else { return nil }
        let value: KeyPath<Outcome, Double?> =
            switch Work(rawValue: result.work) {
            case .roundtrip, .burst: \.p50Microseconds
            case .idle: \.residentKiB
            default: \.messagesPerSecond
            }
        guard let ours = outcome[keyPath: value], let theirs = libzmq[keyPath: value], theirs > 0
        else { return nil }
        return ours / theirs
    }
}
