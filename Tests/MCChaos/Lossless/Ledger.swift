import MCFacade
import MCLock
import MCMemory
import MCTestSupport

/// What a part of ours has received. Any thread may write into it.
final class Ledger: Sendable {
    private struct Stream {
        var last = -1
        var tally = Tally()
    }

    private let isOrdered: Bool
    private let streams = Locked<[Int: Stream]>([:])

    init(isOrdered: Bool) { self.isOrdered = isOrdered }

    /// - Throws: for a message that was never sent, is not as it was sent, or comes behind a later one.
    @discardableResult
    func take(_ message: borrowing Message) throws -> (name: Payload.Name, envelope: Int) {
        guard let (name, envelope) = try Payload.read(message) else {
            throw Failure("a message of \(message.count) frames that nobody sent")
        }
        if Sabotage.strikes("drop", oneIn: 500) { return (name, envelope) }
        let times = Sabotage.strikes("twice", oneIn: 500) ? 2 : 1
        for _ in 0..<times { try note(name) }
        return (name, envelope)
    }

    private func note(_ name: Payload.Name) throws {
        let number = Int(name.number)
        try streams.withLock { streams in
            var stream = streams[Int(name.stream)] ?? Stream()
            if isOrdered, number <= stream.last {
                throw Failure(
                    "message \(number) of stream \(name.stream) comes after \(stream.last)")
            }
            stream.last = number
            stream.tally.count += 1
            stream.tally.sum += number
            streams[Int(name.stream)] = stream
        }
    }

    var messages: Int { streams.withLock { $0.values.reduce(0) { $0 + $1.tally.count } } }

    var tallies: [Int: Tally] { streams.withLock { $0.mapValues(\.tally) } }
}
