/// The lines that libzmq's measuring tools print, word for word, so that scripts that read one
/// library's tools read the other's. Source: libzmq 4.3, perf/*.cpp.
public enum PerfReport {
    /// What the latency tools print first.
    public static func latencyHeader(size: Int, roundtrips: Int) -> [String] {
        ["message size: \(size) [B]", "roundtrip count: \(roundtrips)"]
    }

    /// The mean time of one way: a round trip is two.
    public static func latency(nanoseconds: UInt64, roundtrips: Int) -> String {
        let microseconds = Double(nanoseconds) / 1000 / Double(max(1, roundtrips) * 2)
        return "average latency: \(microseconds.fixed(3)) [us]"
    }

    /// What the throughput tools print first.
    public static func throughputHeader(size: Int, count: Int) -> [String] {
        ["message size: \(size) [B]", "message count: \(count)"]
    }

    /// Messages and megabits per second. As libzmq counts: all messages over the time from the
    /// first one's arrival to the last one's, which is never taken for less than a microsecond.
    public static func throughput(size: Int, count: Int, nanoseconds: UInt64) -> [String] {
        let perSecond = Double(count) / (Double(max(1000, nanoseconds)) / 1_000_000_000)
        let megabits = perSecond * Double(size) * 8 / 1_000_000
        return [
            "mean throughput: \(Int(perSecond)) [msg/s]",
            "mean throughput: \(megabits.fixed(3)) [Mb/s]",
        ]
    }
}
