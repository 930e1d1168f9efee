/// Something that a case must reach.
public struct Target: Sendable {
    /// What is looked at in the results.
    public enum Measure: Sendable {
        /// Messages per second of a contender, as a multiple of another one's in the same case.
        case rate(of: String, to: String = "libzmq")
        /// Bytes per second, as a multiple of the best raw stream's.
        case rateOfBestStream
        /// The median of a percentile, as a multiple of another contender's.
        case p50(of: String = "ours", to: String)
        case p99(to: String)
        /// Messages per second, as a multiple of ours in another case.
        case rateTo(caseNamed: String)
        /// Of both processes, per million messages.
        case cpuSecondsPerMillion
        /// Of the larger process.
        case residentMiB
        case processorPercent
        case p50Microseconds
        case p99Microseconds
    }

    public enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)

        func holds(_ value: Double) -> Bool {
            switch self {
            case .atLeast(let bound): value >= bound
            case .atMost(let bound): value <= bound
            }
        }
    }

    public let caseName: String
    public let measure: Measure
    public let bound: Bound

    /// What came out; nil where it was not measured.
    public func value(in results: Results) -> Double? {
        guard let result = results.result(caseName) else { return nil }
        let ours = result.outcome("ours")
        switch measure {
        case .rate(let one, let other):
            return ratio(result.outcome(one), result.outcome(other), \.messagesPerSecond)
        case .rateOfBestStream:
            let streams = result.outcomes.filter { $0.library == .raw }
            let best = streams.max { ($0.bytesPerSecond ?? 0) < ($1.bytesPerSecond ?? 0) }
            return ratio(ours, best, \.bytesPerSecond)
        case .p50(let one, let other):
            return ratio(result.outcome(one), result.outcome(other), \.p50Microseconds)
        case .p99(let other): return ratio(ours, result.outcome(other), \.p99Microseconds)
        case .rateTo(let name):
            return ratio(ours, results.result(name)?.outcome("ours"), \.messagesPerSecond)
        case .cpuSecondsPerMillion: return ours?.cpuSecondsPerMillion
        case .residentMiB: return ours?.residentKiB.map { $0 / 1024 }
        case .processorPercent: return ours?.processorPercent
        case .p50Microseconds: return ours?.p50Microseconds
        case .p99Microseconds: return ours?.p99Microseconds
        }
    }

    /// Whether it was reached; nil where it was not measured.
    public func isMet(in results: Results) -> Bool? { value(in: results).map { bound.holds($0) } }

    private func ratio(
        _ one: Outcome?, _ other: Outcome?, _ field: KeyPath<Outcome, Double?>
    ) -> Double? {
        guard let one = one?[keyPath: field], let other = other?[keyPath: field], other > 0 else {
            return nil
        }
        return one / other
    }
}

extension Target: CustomStringConvertible {
    public var description: String {
        let wanted =
            switch bound {
            case .atLeast(let value): ">= \(Text.digits(value))"
            case .atMost(let value): "<= \(Text.digits(value))"
            }
        return "\(caseName): \(measure) \(wanted)"
    }
}

extension Target.Measure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .rate(let one, let other): "rate of \(one) to that of \(other)"
        case .rateOfBestStream: "rate to the best raw stream's"
        case .p50(let one, let other): "p50 of \(one) to that of \(other)"
        case .p99(let other): "p99 to that of \(other)"
        case .rateTo(let name): "rate to that of '\(name)'"
        case .cpuSecondsPerMillion: "CPU seconds per million messages"
        case .residentMiB: "resident MiB"
        case .processorPercent: "percent of a processor"
        case .p50Microseconds: "p50 in us"
        case .p99Microseconds: "p99 in us"
        }
    }
}
