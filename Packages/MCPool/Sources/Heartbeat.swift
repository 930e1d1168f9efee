/// When to send PING to a peer, and when to take it for dead (RFC 37, "Connection Heartbeating";
/// ZMQ_HEARTBEAT_IVL, _TTL and _TIMEOUT in the zmq_setsockopt manual).
///
/// One value per connection, from the end of its handshake on. It knows no clock: every call is
/// given the time, in nanoseconds from whatever moment, never going back. Any traffic is a sign
/// of life, not only PONG. No call allocates.
///
/// As in libzmq, peers of ZMTP 3.0 are asked too: libzmq itself answered PING before it announced
/// version 3.1, and whoever does not know the command ignores it.
package struct Heartbeat: Sendable {
    /// What is to be done now.
    package enum Action: Hashable, Sendable {
        /// Nothing, until ``Heartbeat/nextDeadline``.
        case none
        /// Send a PING with ``Heartbeat/pingTTLTenths``, then ask again.
        case sendPing
        /// The peer is dead: close the connection, and connect again.
        case expired
    }

    /// The time to live that every PING of ours carries, in tenths of a second; 0 for none.
    package let pingTTLTenths: UInt16

    /// Nanoseconds between PINGs; 0 for no PINGs.
    private let interval: UInt64
    /// Nanoseconds that the peer may be silent after a PING; 0 for ever.
    private let timeout: UInt64
    private var nextPing: UInt64?
    /// When silence since our PING becomes death.
    private var answerDue: UInt64?
    /// When silence since the peer's PING becomes death, by the peer's own word.
    private var trafficDue: UInt64?

    /// The three options, in milliseconds as they are set, and the time. An interval of 0 or less
    /// sends no PINGs; a timeout of -1 is the interval, and of 0 is none. The time to live is cut
    /// to tenths of a second and to 6553.5 s. The peer's time to live counts in any case.
    package init(
        intervalMilliseconds: Int, ttlMilliseconds: Int = 0, timeoutMilliseconds: Int = -1,
        now: UInt64
    ) {
        interval = Nanoseconds.of(milliseconds: intervalMilliseconds)
        timeout =
            timeoutMilliseconds < 0 ? interval : Nanoseconds.of(milliseconds: timeoutMilliseconds)
        pingTTLTenths = UInt16(clamping: max(ttlMilliseconds, 0) / 100)
        nextPing = interval > 0 ? Nanoseconds.sum(now, interval) : nil
    }

    /// When to call ``poll(now:)`` next, or nil when nothing is pending.
    package var nextDeadline: UInt64? {
        var earliest = nextPing
        for deadline in [answerDue, trafficDue] {
            if let deadline { earliest = min(deadline, earliest ?? deadline) }
        }
        return earliest
    }

    /// Something has arrived, be it half a frame: nobody is dead.
    package mutating func received(now: UInt64) {
        answerDue = nil
        trafficDue = nil
    }

    /// A PING has arrived. With a time to live, in tenths of a second, the peer says that it will
    /// send something again by then. Call it after ``received(now:)`` for the same bytes.
    package mutating func pingReceived(ttlTenths: UInt16, now: UInt64) {
        trafficDue =
            ttlTenths == 0 ? nil : Nanoseconds.sum(now, UInt64(ttlTenths) * 100_000_000)
    }

    /// What is to be done at `now`. Read what the link has before asking: bytes that wait in the
    /// kernel are a sign of life as well. Once it is `expired` it stays so until bytes arrive.
    package mutating func poll(now: UInt64) -> Action {
        if let answerDue, answerDue <= now { return .expired }
        if let trafficDue, trafficDue <= now { return .expired }
        guard let due = nextPing, due <= now else { return .none }
        // From now and not from when it was due: a process that was stopped sends one, not many.
        nextPing = Nanoseconds.sum(now, interval)
        // A peer that is silent since an earlier PING gets no more time by a later one.
        if timeout > 0, answerDue == nil { answerDue = Nanoseconds.sum(now, timeout) }
        return .sendPing
    }
}
