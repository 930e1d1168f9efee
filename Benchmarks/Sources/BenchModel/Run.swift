/// One run of one contender: what its worker or workers reported, or why there is nothing.
public struct Run: Encodable, Sendable {
    /// The worker that bound first, then the one that connected; one that does both.
    public var workers: [WorkerReport]
    /// What the host took of the processor meanwhile.
    public var stolenPercent: Double
    /// What other processes of this machine took of it.
    public var foreignPercent = 0.0
    /// The run stands although the host, or others here, took more than they may.
    public var isDisturbed = false
    public var error: String?

    public init(workers: [WorkerReport], stolenPercent: Double, error: String? = nil) {
        self.workers = workers
        self.stolenPercent = stolenPercent
        self.error = error
    }

    /// The worker that saw the messages; of an idle pair the first.
    private var witness: WorkerReport? { workers.first { $0.messages > 0 } ?? workers.first }

    var messagesPerSecond: Double? {
        guard let witness, witness.seconds > 0, witness.messages > 0 else { return nil }
        return Double(witness.messages) / witness.seconds
    }

    var bytesPerSecond: Double? {
        guard let witness, witness.seconds > 0, witness.bytes > 0 else { return nil }
        return Double(witness.bytes) / witness.seconds
    }

    /// Of all processes together.
    var cpuSecondsPerMillion: Double? {
        guard let witness, witness.messages > 0 else { return nil }
        return workers.reduce(0) { $0 + $1.cpuSeconds } / Double(witness.messages) * 1e6
    }

    /// Of the process that needed more.
    var peakKiB: Double? { workers.map { Double($0.peakKiB) }.max() }
    var residentKiB: Double? { workers.map { Double($0.residentKiB) }.filter { $0 > 0 }.max() }

    /// The part of one processor that the busier process used, in percent.
    var processorPercent: Double? {
        workers.filter { $0.seconds > 0 }.map { 100 * $0.cpuSeconds / $0.seconds }.max()
    }

    func microseconds(_ field: KeyPath<WorkerReport, Double>) -> Double? {
        witness.map { $0[keyPath: field] }.flatMap { $0 > 0 ? $0 : nil }
    }
}
