/// What one worker measured: the line of JSON that it prints. What it did not is 0.
public struct WorkerReport: Codable, Equatable, Sendable {
    public var library = ""
    public var messages = 0
    public var bytes = 0
    public var seconds = 0.0
    public var cpuSeconds = 0.0
    public var peakKiB = 0
    public var residentKiB = 0
    public var p50Microseconds = 0.0
    public var p99Microseconds = 0.0
    public var p999Microseconds = 0.0
    public var connections = 0
    public var checksum = ""

    public init() {}
}
