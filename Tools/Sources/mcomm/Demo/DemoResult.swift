import MCommSupport

/// What came of one scenario.
struct DemoResult: Encodable, Sendable {
    var pattern: String
    var transport: String
    /// Tensors that arrived, over all receivers.
    var messages: Int
    /// Payload that arrived at full speed, in millions of bytes per second.
    var megabytesPerSecond: Double?
    /// Microseconds from the send call to the arrival, at the steady pace.
    var p50Microseconds: Double?
    var p99Microseconds: Double?
    /// What was not as it should be; empty if everything was.
    var differences: [String]

    /// The results as a table, with a line about each difference below it.
    static func table(_ results: [DemoResult]) -> [String] {
        var table = TextTable([
            ("pattern", .left), ("transport", .left), ("messages", .right), ("MB/s", .right),
            ("p50 us", .right), ("p99 us", .right), ("verified", .left),
        ])
        func text(_ value: Double?) -> String { value.map { $0.fixed(1) } ?? "-" }
        for result in results {
            let count = result.differences.count
            table.append([
                result.pattern, result.transport, String(result.messages),
                text(result.megabytesPerSecond), text(result.p50Microseconds),
                text(result.p99Microseconds),
                count == 0
                    ? "bytes, shape, dtype" : "FAILED, \(count) difference\(count == 1 ? "" : "s")",
            ])
        }
        var lines = table.lines
        for result in results where !result.differences.isEmpty {
            lines += ["", "\(result.pattern) over \(result.transport):"]
            lines += result.differences.prefix(5).map { "  " + $0 }
            let more = result.differences.count - 5
            if more > 0 { lines.append("  and \(more) more") }
        }
        return lines
    }
}

extension DemoResult {
    /// Compares what the receivers saw with the truth, and measures.
    init(
        _ scenario: DemoScenario, reports: [DemoEvent], data: DemoData, rounds: Int,
        failure: String?
    ) {
        let received = reports.filter { $0.seen != nil }
        let items = data.source.items.count
        pattern = scenario.title
        transport = scenario.transport.rawValue
        messages = received.reduce(0) { $0 + ($1.count ?? 0) }
        differences = failure.map { [$0] } ?? []
        for report in reports {
            differences += (report.unreadable ?? []).map { "\(report.peer): \($0)" }
        }
        // A scenario that broke off has no complete reports to compare.
        guard failure == nil || !received.isEmpty else { return }
        let groups =
            scenario.toAll
            ? received.map { (name: $0.peer + ", ", seen: $0.seen ?? []) }
            : [(name: "", seen: received.flatMap { $0.seen ?? [] })]
        for group in groups {
            differences += Self.compare(
                group.seen, with: data.fingerprints, times: rounds + 1
            ).map { group.name + $0 }
        }
        guard failure == nil else { return }
        let end = received.compactMap(\.nanoseconds).max() ?? 0
        let start = reports.first { $0.seen == nil }?.nanoseconds ?? end
        if end > start {
            let bytes = data.source.totalBytes * rounds * scenario.copies
            megabytesPerSecond = Double(bytes) * 1000 / Double(end - start)
        }
        let latency = Quantiles(reports.flatMap { $0.latencies ?? [] })
        p50Microseconds = latency(0.5).map { Double($0) / 1000 }
        p99Microseconds = latency(0.99).map { Double($0) / 1000 }
        if items > 0, messages != items * (rounds + 1) * scenario.copies, differences.isEmpty {
            differences = ["\(messages) messages arrived, the sightings say otherwise"]
        }
    }

    /// Every tensor must have been seen `times` times as it is, and in no other form.
    private static func compare(
        _ seen: [DemoSighting], with truth: [DemoFingerprint], times: Int
    ) -> [String] {
        var differences: [String] = []
        var counts = Array(repeating: 0, count: truth.count)
        for sighting in seen {
            guard truth.indices.contains(sighting.index) else {
                differences.append("tensor \(sighting.index), which was never sent")
                continue
            }
            if sighting.tensor == truth[sighting.index] {
                counts[sighting.index] += sighting.count
            } else {
                counts[sighting.index] += sighting.count
                differences.append(
                    "tensor \(sighting.index) arrived as \(sighting.tensor), "
                        + "sent was \(truth[sighting.index])")
            }
        }
        for (index, count) in counts.enumerated() where count != times {
            differences.append("tensor \(index) arrived \(count) times, sent \(times) times")
        }
        return differences
    }
}
