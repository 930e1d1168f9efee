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

    /// The two options in milliseconds, as they are set: an interval of -1 is no reconnection, a
    /// maximum of 0 no growth; one below the interval is ignored, as the manual says. An interval
    /// of 0 counts as one millisecond, so that a peer that refuses costs no whole processor.
    package init(intervalMilliseconds: Int, maximumMilliseconds: Int = 0) {
        let base = Nanoseconds.of(milliseconds: max(intervalMilliseconds, 1))
        interval = intervalMilliseconds < 0 ? nil : base
        let grows = maximumMilliseconds > 0 && maximumMilliseconds >= intervalMilliseconds
        maximum = grows ? Nanoseconds.of(milliseconds: maximumMilliseconds) : nil
        current = base
    }

    /// The nanoseconds to wait before the next attempt, or nil when there shall be none.
    /// `generator` gives the random part.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> UInt64? {
        guard let interval else { return nil }
        let jitter = UInt64.random(in: 0..<interval, using: &generator)
        let wait = Nanoseconds.sum(current, jitter)
        guard let maximum else { return wait }
        current = min(Nanoseconds.sum(current, current), maximum)
        return min(wait, maximum)
    }

    /// A connection stands, handshake included: the next wait is a first one again.
    package mutating func reset() {
        current = interval ?? current
    }
}
