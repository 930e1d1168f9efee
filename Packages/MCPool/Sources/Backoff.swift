/// How long to wait before connecting again (ZMQ_RECONNECT_IVL and _IVL_MAX in the
/// zmq_setsockopt manual).
///
/// Without a maximum every wait is the interval plus a random part of another one. With a maximum
/// above the interval it doubles each time, random part included, and never exceeds the maximum.
/// The random part keeps peers that lost the same server from coming back at the same moment;
/// libzmq leaves it out where it doubles. One value per connection; no call allocates.
package struct Backoff: Sendable {
    /// Nanoseconds of the first wait; nil for no reconnection.
    private let interval: UInt64?
    /// Nanoseconds that no wait exceeds, where waits grow.
    private let maximum: UInt64?
    private var current: UInt64
    private var random: UInt64

    /// The two options in milliseconds, as they are set: an interval of -1 is no reconnection, a
    /// maximum of 0 no growth; one below the interval is ignored, as the manual says. An interval
    /// of 0 counts as one millisecond, so that a peer that refuses costs no whole processor.
    /// Equal seeds give equal waits.
    package init(intervalMilliseconds: Int, maximumMilliseconds: Int = 0, seed: UInt64) {
        let base = Self.nanoseconds(max(intervalMilliseconds, 1))
        interval = intervalMilliseconds < 0 ? nil : base
        let grows = maximumMilliseconds > 0 && maximumMilliseconds >= intervalMilliseconds
        maximum = grows ? Self.nanoseconds(maximumMilliseconds) : nil
        current = base
        random = seed
    }

    /// The nanoseconds to wait before the next attempt, or nil when there shall be none.
    package mutating func next() -> UInt64? {
        guard let interval else { return nil }
        let jitter = nextRandom() % interval
        let wait = Self.sum(current, jitter)
        guard let maximum else { return wait }
        current = min(Self.sum(current, current), maximum)
        return min(wait, maximum)
    }

    /// A connection stands, handshake included: the next wait is a first one again.
    package mutating func reset() {
        current = interval ?? current
    }

    /// SplitMix64: small, seeded, and good enough to keep clients apart.
    private mutating func nextRandom() -> UInt64 {
        random &+= 0x9e37_79b9_7f4a_7c15
        var value = random
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    private static func nanoseconds(_ milliseconds: Int) -> UInt64 {
        let (product, overflow) = UInt64(max(milliseconds, 0))
            .multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : product
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
