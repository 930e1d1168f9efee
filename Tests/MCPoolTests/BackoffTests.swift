import MCPool
import Testing

private let millisecond: UInt64 = 1_000_000

@Suite struct BackoffTests {
    @Test func `minus one never connects again`() {
        var backoff = Backoff(intervalMilliseconds: -1, maximumMilliseconds: 1_000, seed: 1)
        #expect(backoff.next() == nil)
        backoff.reset()
        #expect(backoff.next() == nil)
    }

    @Test func `without a maximum every wait is one to two intervals`() {
        var backoff = Backoff(intervalMilliseconds: 100, seed: 2)
        var waits: Set<UInt64> = []
        for _ in 0..<1_000 {
            let wait = backoff.next() ?? 0
            #expect((100 * millisecond..<200 * millisecond).contains(wait))
            waits.insert(wait)
        }
        #expect(waits.count > 900)
        #expect((waits.min() ?? 0) < 110 * millisecond && (waits.max() ?? 0) > 190 * millisecond)
    }

    @Test func `with a maximum it doubles up to there`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 1_000, seed: 3)
        for base in [100, 200, 400, 800] as [UInt64] {
            let wait = backoff.next() ?? 0
            #expect(wait >= base * millisecond)
            #expect(wait <= min(base + 100, 1_000) * millisecond)
        }
        for _ in 0..<100 { #expect(backoff.next() == 1_000 * millisecond) }
        backoff.reset()
        #expect((backoff.next() ?? 0) < 200 * millisecond)
    }

    @Test func `a maximum below the interval is ignored`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 50, seed: 4)
        for _ in 0..<100 {
            #expect((100 * millisecond..<200 * millisecond).contains(backoff.next() ?? 0))
        }
    }

    @Test func `a maximum that is the interval makes waits constant`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 100, seed: 4)
        for _ in 0..<100 { #expect(backoff.next() == 100 * millisecond) }
    }

    @Test func `an interval of zero waits a little`() {
        var backoff = Backoff(intervalMilliseconds: 0, seed: 5)
        for _ in 0..<100 {
            #expect((millisecond..<2 * millisecond).contains(backoff.next() ?? 0))
        }
    }

    @Test func `seeds make the waits`() {
        var one = Backoff(intervalMilliseconds: 100, seed: 6)
        var same = Backoff(intervalMilliseconds: 100, seed: 6)
        var other = Backoff(intervalMilliseconds: 100, seed: 7)
        let waits = (0..<10).map { _ in one.next() }
        #expect(waits == (0..<10).map { _ in same.next() })
        #expect(waits != (0..<10).map { _ in other.next() })
    }

    @Test func `numbers at the edge do not trap`() {
        var backoff = Backoff(intervalMilliseconds: .max, maximumMilliseconds: .max, seed: 8)
        for _ in 0..<200 { #expect(backoff.next() == .max) }
        var growing = Backoff(intervalMilliseconds: 1, maximumMilliseconds: .max, seed: 9)
        for _ in 0..<200 { #expect(growing.next() != nil) }
    }
}
