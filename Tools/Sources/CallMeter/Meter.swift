internal import CCallCounter
private import Glibc
private import Synchronization

/// Takes the counts of a path as its messages come out.
///
/// Messages flow without a pause: a round ends with its last message, and the next has begun by
/// then. Rounds at the start, in which pools fill and locks find their owner, are not told.
///
/// - Thread rule: `pass` is for whoever receives, one at a time; the rest is for any thread.
final class Meter: @unchecked Sendable {
    static let warmUpRounds = 3
    static let rounds = 12

    let messagesPerRound: Int
    private let passed = Atomic<Int>(0)
    private let sent = Atomic<Int>(0)
    private var left: Int
    private var counts: [calls_counts] = []

    init(messagesPerRound: Int) {
        self.messagesPerRound = messagesPerRound
        left = messagesPerRound
        counts.reserveCapacity(Meter.warmUpRounds + Meter.rounds)
    }

    /// Messages that have passed.
    var count: Int { passed.load(ordering: .acquiring) }
    /// Messages on their way.
    var ahead: Int { sent.load(ordering: .acquiring) - count }
    var isDone: Bool { count >= messagesPerRound * (Meter.warmUpRounds + Meter.rounds) }

    /// Notes a message. Costs nothing that is counted.
    func pass() {
        left -= 1
        if left == 0 {
            left = messagesPerRound
            if counts.count < counts.capacity { counts.append(calls_now()) }
        }
        passed.store(passed.load(ordering: .relaxed) + 1, ordering: .releasing)
    }

    /// What was sent before has come by now, or never will.
    func startSending() { sent.store(count, ordering: .releasing) }

    /// Notes a message that was sent. For one thread.
    func noteSent() {
        sent.store(sent.load(ordering: .relaxed) + 1, ordering: .releasing)
    }

    /// Returns when every round is over.
    func waitUntilDone() {
        var waited = 0
        while !isDone {
            usleep(500)
            waited += 1
            // usleep takes longer than asked for, never less: 20 s at least.
            if waited > 40_000 { fail("only \(count) messages came within 20 s") }
        }
    }

    /// Prints a line per round.
    func tell() {
        print(Meter.columns)
        let tellable = counts[(Meter.warmUpRounds - 1)...]
        for (from, to) in zip(tellable, tellable.dropFirst()) {
            print(Meter.line(from: from, to: to, messages: messagesPerRound))
        }
    }

    static let columns = "allocations sends receives waits futexes eventfds others"

    /// The calls between two looks, per 1,000 messages, rounded up.
    static func line(from: calls_counts, to: calls_counts, messages: Int) -> String {
        let differences = [
            to.allocations - from.allocations, to.sends - from.sends,
            to.receives - from.receives, to.waits - from.waits, to.futexes - from.futexes,
            to.eventfds - from.eventfds, to.others - from.others,
        ]
        let messages = UInt64(messages)
        return differences.map { "\(($0 * 1000 + messages - 1) / messages)" }
            .joined(separator: " ")
    }
}
