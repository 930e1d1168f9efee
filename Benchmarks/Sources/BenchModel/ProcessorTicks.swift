/// The processor's clock ticks since the machine started, of all processors together.
public struct ProcessorTicks: Equatable, Sendable {
    /// Ticks that the host gave to somebody else while this machine had work.
    public let stolen: UInt64
    /// Ticks in which there was nothing to do, or a disk to wait for.
    public let idle: UInt64
    /// All ticks. A guest's are in a user's already.
    public let total: UInt64

    public init(stolen: UInt64, idle: UInt64, total: UInt64) {
        self.stolen = stolen
        self.idle = idle
        self.total = total
    }

    /// Reads the text of /proc/stat (proc(5)): "cpu", then user, nice, system, idle, iowait, irq,
    /// softirq, steal, guest, guest_nice.
    public init?(statistics text: some StringProtocol) {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else {
            return nil
        }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).map { UInt64($0) }
        guard ticks.count == 8, !ticks.contains(nil) else { return nil }
        self.init(
            stolen: ticks[7] ?? 0, idle: (ticks[3] ?? 0) + (ticks[4] ?? 0),
            total: ticks.reduce(0) { $0 + ($1 ?? 0) })
    }

    /// The part of all ticks since `before` that the host took, in percent.
    public func stolenPercent(since before: ProcessorTicks) -> Double {
        guard total > before.total, stolen >= before.stolen else { return 0 }
        return 100 * Double(stolen - before.stolen) / Double(total - before.total)
    }

    /// The part of all ticks since `before` that went to somebody here who does not belong to the
    /// measurement, in percent.
    ///
    /// - Parameter ownTicks: what the measurement itself used.
    public func foreignPercent(since before: ProcessorTicks, ownTicks: Double) -> Double {
        guard total > before.total, idle >= before.idle, stolen >= before.stolen else { return 0 }
        let all = Double(total - before.total)
        let used = all - Double(idle - before.idle) - Double(stolen - before.stolen)
        return max(0, 100 * (used - ownTicks) / all)
    }
}
