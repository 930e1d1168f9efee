package import MCMemory
import MCQueue

/// Receives from all peers in turn, one message from each (RFC 28 and 30, "fair queueing").
///
/// A pipe that turns out to be empty is out of the turn until it has a message again.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: as `TurnList`.
/// - Ownership: a plain pointer, as `TurnList`; the pattern calls `destroy` when it goes.
package struct FairQueue {
    private let turns: TurnList

    package static func create() -> FairQueue { FairQueue(turns: .create(for: .receiving)) }

    package func destroy() { turns.destroy() }

    package func add(_ pipe: Pipe) { turns.add(pipe) }

    package func remove(_ pipe: Pipe) { turns.remove(pipe) }

    /// The pipe has a message.
    package func activate(_ pipe: Pipe) { turns.activate(pipe) }

    /// Takes the next message whole into `message`.
    ///
    /// - Returns: the pipe that it came from; nil when there is no message.
    @inline(__always)
    package func receive(into message: inout Message) -> Pipe? {
        while let pipe = turns.current {
            if pipe.receive(into: &message) {
                turns.advance()
                return pipe
            }
            sleep(pipe)
        }
        return nil
    }

    /// Takes the next message to memory that holds nothing that is owned, if it has one frame and is the
    /// next pipe's.
    ///
    /// - Returns: false when there is none such; the memory is as it was.
    @inline(__always)
    func receiveWhole(to place: UnsafeMutablePointer<Frame>) -> Bool {
        guard let pipe = turns.current, unsafe pipe.receiveWhole(to: place) else { return false }
        turns.advance()
        return true
    }

    /// Takes an empty pipe out of the turn. An in-process producer will be asked to tell of the next
    /// message; a stream's reader tells of it anyway.
    @inline(never)
    private func sleep(_ pipe: Pipe) {
        if pipe.pointee.pair != nil { unsafe pipe.pointee.engine.noteQuiet(pipe) }
        turns.deactivate(pipe)
        if pipe.pointee.isReceiveEnded { unsafe pipe.pointee.engine.markDrained(pipe) }
    }

    /// Throws away what is there. A pipe without a message keeps its turn: nobody waits for one now.
    package func dropAll() {
        _ = turns.contains { pipe in
            while pipe.hasMessage() {
                var message = Message()
                guard pipe.receive(into: &message) else { break }
                pipe.discard(message)
            }
            return false
        }
    }

    /// Whether there is a message.
    package func hasMessage() -> Bool {
        while let pipe = turns.current {
            if pipe.hasMessage() { return true }
            sleep(pipe)
        }
        return false
    }
}
