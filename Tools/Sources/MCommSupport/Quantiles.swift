/// Quantiles of a sample, by the nearest rank: always a value that was measured.
public struct Quantiles: Sendable {
    private let sorted: [UInt64]

    /// Sorts a copy of the sample. O(n log n).
    public init(_ sample: [UInt64]) {
        sorted = sample.sorted()
    }

    /// The smallest value that `fraction` of the sample does not exceed; nil for an empty sample.
    public func callAsFunction(_ fraction: Double) -> UInt64? {
        guard !sorted.isEmpty else { return nil }
        let rank = (fraction * Double(sorted.count)).rounded(.up)
        return sorted[min(sorted.count, max(1, Int(rank))) - 1]
    }
}
