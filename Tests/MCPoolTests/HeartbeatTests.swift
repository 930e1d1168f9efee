import MCPool
import Testing

private let millisecond: UInt64 = 1_000_000

/// A heartbeat that began at a time other than 0, and the time in milliseconds since.
private struct Clocked {
    static let start: UInt64 = 77_000_000_000
    var heartbeat: Heartbeat

    init(interval: Int, ttl: Int = 0, timeout: Int = -1) {
        heartbeat = Heartbeat(
            intervalMilliseconds: interval, ttlMilliseconds: ttl, timeoutMilliseconds: timeout,
            now: Self.start)
    }

    func time(_ milliseconds: UInt64) -> UInt64 { Self.start + milliseconds * millisecond }

    mutating func poll(_ milliseconds: UInt64) -> Heartbeat.Action {
        heartbeat.poll(now: time(milliseconds))
    }

    mutating func receive(_ milliseconds: UInt64) {
        heartbeat.received(now: time(milliseconds))
    }

    mutating func ping(ttlTenths: UInt16, at milliseconds: UInt64) {
        receive(milliseconds)
        heartbeat.pingReceived(ttlTenths: ttlTenths, now: time(milliseconds))
    }

    var deadline: UInt64? { heartbeat.nextDeadline.map { ($0 - Self.start) / millisecond } }
}

@Suite struct HeartbeatTests {
    @Test func `without an interval nothing is sent and nobody dies`() {
        var off = Clocked(interval: 0, ttl: 1_000, timeout: 5)
        #expect(off.deadline == nil)
        #expect(off.poll(1_000_000) == .none)
        off = Clocked(interval: -1)
        #expect(off.deadline == nil)
    }

    @Test func `a PING goes out every interval, whatever the traffic`() {
        var beat = Clocked(interval: 50)
        #expect(beat.deadline == 50)
        #expect(beat.poll(49) == .none)
        for round in 1...20 as ClosedRange<UInt64> {
            beat.receive(round * 50 - 1)
            #expect(beat.poll(round * 50) == .sendPing)
            #expect(beat.poll(round * 50) == .none)
            beat.receive(round * 50 + 10)
            #expect(beat.deadline == round * 50 + 50)
        }
    }

    @Test func `silence after a PING is death after the interval by default`() {
        var beat = Clocked(interval: 50)
        #expect(beat.poll(50) == .sendPing)
        #expect(beat.poll(99) == .none)
        #expect(beat.poll(100) == .expired)
        #expect(beat.poll(101) == .expired)
    }

    @Test func `the timeout counts from the first PING that is not answered`() {
        var beat = Clocked(interval: 50, timeout: 120)
        #expect(beat.poll(50) == .sendPing)
        #expect(beat.poll(100) == .sendPing)
        #expect(beat.poll(150) == .sendPing)
        #expect(beat.deadline == 170)
        #expect(beat.poll(170) == .expired)
    }

    @Test func `any traffic saves the peer until the next PING`() {
        var beat = Clocked(interval: 50, timeout: 20)
        #expect(beat.poll(50) == .sendPing)
        beat.receive(69)
        #expect(beat.poll(99) == .none)
        #expect(beat.poll(100) == .sendPing)
        #expect(beat.poll(120) == .expired)
        beat.receive(121)
        #expect(beat.poll(121) == .none)
    }

    @Test func `a timeout of zero waits for ever`() {
        var beat = Clocked(interval: 50, timeout: 0)
        for round in 1...100 as ClosedRange<UInt64> {
            #expect(beat.poll(round * 50) == .sendPing)
        }
    }

    @Test func `the peer's time to live counts without an interval of ours`() {
        var beat = Clocked(interval: 0)
        beat.ping(ttlTenths: 3, at: 1_000)
        #expect(beat.deadline == 1_300)
        #expect(beat.poll(1_299) == .none)
        #expect(beat.poll(1_300) == .expired)
    }

    @Test func `traffic ends the time to live, and a later PING begins another`() {
        var beat = Clocked(interval: 0)
        beat.ping(ttlTenths: 3, at: 0)
        beat.receive(299)
        #expect(beat.deadline == nil)
        #expect(beat.poll(10_000) == .none)
        beat.ping(ttlTenths: 5, at: 10_000)
        beat.ping(ttlTenths: 0, at: 10_100)
        #expect(beat.deadline == nil)
        // The largest, 6553.5 s: libzmq lets it overflow 16 bits of milliseconds.
        beat.ping(ttlTenths: .max, at: 20_000)
        #expect(beat.deadline == 6_573_500)
    }

    @Test func `the nearest deadline is told`() {
        var beat = Clocked(interval: 100, timeout: 500)
        beat.ping(ttlTenths: 10, at: 0)
        #expect(beat.deadline == 100)
        #expect(beat.poll(100) == .sendPing)
        #expect(beat.deadline == 200)
        for now in [200, 300, 400, 500] as [UInt64] { #expect(beat.poll(now) == .sendPing) }
        #expect(beat.deadline == 600)
        #expect(beat.poll(600) == .expired)
    }

    @Test func `a process that was stopped sends one PING, not many`() {
        var beat = Clocked(interval: 50, timeout: 1_000)
        #expect(beat.poll(900) == .sendPing)
        #expect(beat.poll(900) == .none)
        #expect(beat.deadline == 950)
    }

    @Test(
        arguments: [
            (-1, 0), (0, 0), (99, 0), (100, 1), (199, 1), (6_553_599, 65_535), (.max, 65_535),
        ] as [(Int, UInt16)])
    func `our time to live is cut to tenths of a second`(milliseconds: Int, tenths: UInt16) {
        #expect(Clocked(interval: 1, ttl: milliseconds).heartbeat.pingTTLTenths == tenths)
    }

    @Test func `numbers at the edge do not trap`() {
        var beat = Heartbeat(
            intervalMilliseconds: .max, ttlMilliseconds: .max, timeoutMilliseconds: .max,
            now: .max - 1)
        #expect(beat.nextDeadline == .max)
        beat.pingReceived(ttlTenths: .max, now: .max - 1)
        #expect(beat.poll(now: .max - 1) == .none)
        #expect(beat.poll(now: .max) == .expired)
    }
}
