/// What one worker measured: the line of JSON that it prints. What it did not is 0.
public struct WorkerReport: Decodable, Equatable, Sendable {
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

extension WorkerReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case library, messages, bytes, seconds, cpuSeconds, peakKiB, residentKiB
        case p50Microseconds, p99Microseconds, p999Microseconds, connections, checksum
    }

    /// Without what was not measured: a file of results has thousands of these. The library's name
    /// and the checksum are not for it.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        func add(_ value: Int, _ key: CodingKeys) throws {
            if value != 0 { try values.encode(value, forKey: key) }
        }
        func add(_ value: Double, _ key: CodingKeys) throws {
            if value != 0 { try values.encode(value, forKey: key) }
        }
        try add(messages, .messages)
        try add(bytes, .bytes)
        try add(seconds, .seconds)
        try add(cpuSeconds, .cpuSeconds)
        try add(peakKiB, .peakKiB)
        try add(residentKiB, .residentKiB)
        try add(p50Microseconds, .p50Microseconds)
        try add(p99Microseconds, .p99Microseconds)
        try add(p999Microseconds, .p999Microseconds)
        try add(connections, .connections)
    }
}
