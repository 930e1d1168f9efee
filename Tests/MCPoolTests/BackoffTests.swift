import MCPool
import MCTestSupport
import Testing

private let millisecond: UInt64 = 1_000_000

@Suite struct BackoffTests {
    @Test func `minus one never connects again`() {
        var backoff = Backoff(intervalMilliseconds: -1, maximumMilliseconds: 1_000)
        var random = SeededGenerator(seed: 1)
        #expect(backoff.next(using: &random) == nil)
        backoff.reset()
        #expect(backoff.next(using: &random) == nil)
    }

    @Test func `without a maximum every wait is one to two intervals`() {
        var backoff = Backoff(intervalMilliseconds: 100)
        var random = SeededGenerator(seed: 2)
        var waits: Set<UInt64> = []
        for _ in 0..<1_000 {
            let wait = backoff.next(using: &random) ?? 0
            #expect((100 * millisecond..<200 * millisecond).contains(wait))
            waits.insert(wait)
        }
        #expect(waits.count > 900)
        #expect((waits.min() ?? 0) < 110 * millisecond && (waits.max() ?? 0) > 190 * millisecond)
    }

    @Test func `with a maximum it doubles up to there`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 1_000)
        var random = SeededGenerator(seed: 3)
        for base in [100, 200, 400, 800] as [UInt64] {
            let wait = backoff.next(using: &random) ?? 0
            #expect(wait >= base * millisecond)
            #expect(wait <= min(base + 100, 1_000) * millisecond)
        }
        for _ in 0..<100 { #expect(backoff.next(using: &random) == 1_000 * millisecond) }
        backoff.reset()
        #expect((backoff.next(using: &random) ?? 0) < 200 * millisecond)
    }

    @Test func `a maximum below the interval is ignored`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 50)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<100 {
            let wait = backoff.next(using: &random) ?? 0
            #expect((100 * millisecond..<200 * millisecond).contains(wait))
        }
    }

    @Test func `a maximum that is the interval makes waits constant`() {
        var backoff = Backoff(intervalMilliseconds: 100, maximumMilliseconds: 100)
        var random = SeededGenerator(seed: 4)
        for _ in 0..<100 { #expect(backoff.next(using: &random) == 100 * millisecond) }
    }

    @Test func `an interval of zero waits a little`() {
        var backoff = Backoff(intervalMilliseconds: 0)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<100 {
            #expect((millisecond..<2 * millisecond).contains(backoff.next(using: &random) ?? 0))
        }
    }

    @Test func `the generator makes the waits`() {
        func waits(seed: UInt64) -> [UInt64?] {
            var backoff = Backoff(intervalMilliseconds: 100)
            var random = SeededGenerator(seed: seed)
            return (0..<10).map { _ in backoff.next(using: &random) }
        }
        #expect(waits(seed: 6) == waits(seed: 6))
        #expect(waits(seed: 6) != waits(seed: 7))
    }

    @Test func `numbers at the edge do not trap`() {
        var backoff = Backoff(intervalMilliseconds: .max, maximumMilliseconds: .max)
        var random = SeededGenerator(seed: 8)
        for _ in 0..<200 { #expect(backoff.next(using: &random) == .max) }
        var growing = Backoff(intervalMilliseconds: 1, maximumMilliseconds: .max)
        for _ in 0..<200 { #expect(growing.next(using: &random) != nil) }
    }
}
