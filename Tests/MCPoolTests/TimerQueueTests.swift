import MCTestSupport
import Testing

@testable import MCPool

@Suite(.timeLimit(.minutes(3)))
struct TimerQueueTests {
    /// What fired, in order.
    private final class Log {
        var names: [Int] = []
    }

    @Test func firesInOrderOfDeadlines() {
        var timers = TimerQueue()
        let log = Log()
        for deadline in [50, 10, 40, 20, 30] {
            _ = timers.add(deadline: UInt64(deadline)) { log.names.append(deadline) }
        }
        #expect(timers.nextDeadline() == 10)
        let nothing = timers.takeDue(now: 9) == nil
        #expect(nothing)
        while let action = timers.takeDue(now: 30) { action() }
        #expect(log.names == [10, 20, 30])
        #expect(timers.nextDeadline() == 40)
        while let action = timers.takeDue(now: .max) { action() }
        #expect(log.names == [10, 20, 30, 40, 50])
        #expect(timers.isEmpty)
        #expect(timers.nextDeadline() == nil)
    }

    @Test func cancelledTimersDoNotFire() {
        var timers = TimerQueue()
        let log = Log()
        let first = timers.add(deadline: 1) { log.names.append(1) }
        _ = timers.add(deadline: 2) { log.names.append(2) }
        #expect(first != 0)
        timers.cancel(first)
        timers.cancel(first)
        timers.cancel(0)
        timers.cancel(999)
        #expect(timers.nextDeadline() == 2)
        while let action = timers.takeDue(now: 5) { action() }
        #expect(log.names == [2])
    }

    /// Adding, cancelling and firing at random, against a sorted array.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func againstAModel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var timers = TimerQueue()
        var model: [(deadline: UInt64, id: UInt64)] = []
        let log = Log()
        var now: UInt64 = 0
        for _ in 0..<3000 {
            switch Int.random(in: 0...9, using: &random) {
            case 0...4:
                let deadline = now + UInt64.random(in: 0...1000, using: &random)
                let name = model.count
                _ = name
                let box = Log()
                let id = timers.add(deadline: deadline) { log.names.append(box.names[0]) }
                box.names = [Int(id)]
                model.append((deadline, id))
            case 5...7:
                guard let victim = model.randomElement(using: &random) else { continue }
                timers.cancel(victim.id)
                model.removeAll { $0.id == victim.id }
            default:
                now += UInt64.random(in: 0...300, using: &random)
                log.names = []
                while let action = timers.takeDue(now: now) { action() }
                let due = model.filter { $0.deadline <= now }
                #expect(Set(log.names) == Set(due.map { Int($0.id) }))
                let deadlines = log.names.map { id in
                    due.first { Int($0.id) == id }?.deadline ?? 0
                }
                #expect(deadlines == deadlines.sorted())
                model.removeAll { $0.deadline <= now }
            }
            #expect(timers.isEmpty == model.isEmpty)
            #expect(timers.nextDeadline() == model.map(\.deadline).min())
        }
    }

    /// Timers that are set and cancelled all the time, as those of handshakes, do not pile up.
    @Test func cancelledTimersAreForgotten() {
        var timers = TimerQueue()
        final class Token {}
        weak var last: Token?
        for index in 0..<10_000 {
            let token = Token()
            last = token
            let id = timers.add(deadline: UInt64(1_000_000 + index)) { _ = token }
            timers.cancel(id)
        }
        #expect(last == nil)
        #expect(timers.isEmpty)
    }
}
