package import MCMemory
import MCQueue
import Synchronization

/// Receives from all peers in turn, one message from each (RFC 28 and 30, "fair queueing").
///
/// Pipes stand in one array, those that may have a message in front.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1) for everything; an empty pipe costs one move, once.
package struct FairQueue {
    package private(set) var pipes: [Pipe] = []
    private var activeCount = 0
    private var current = 0

    package init() {}

    package mutating func add(_ pipe: Pipe) {
        pipe.pointee.receiveIndex = pipes.count
        pipes.append(pipe)
        activate(pipe)
    }

    package mutating func remove(_ pipe: Pipe) {
        guard pipe.pointee.receiveIndex >= 0 else { return }
        deactivate(pipe)
        swap(pipe.pointee.receiveIndex, pipes.count - 1)
        pipes.removeLast()
        pipe.pointee.receiveIndex = -1
    }

    /// The pipe has a message.
    package mutating func activate(_ pipe: Pipe) {
        let index = pipe.pointee.receiveIndex
        guard index >= activeCount else { return }
        swap(index, activeCount)
        activeCount += 1
    }

    private mutating func deactivate(_ pipe: Pipe) {
        let index = pipe.pointee.receiveIndex
        guard index >= 0 && index < activeCount else { return }
        activeCount -= 1
        swap(index, activeCount)
        if current >= activeCount { current = 0 }
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        guard a != b else { return }
        pipes.swapAt(a, b)
        pipes[a].pointee.receiveIndex = a
        pipes[b].pointee.receiveIndex = b
    }

    /// Takes the next message whole into `message`.
    ///
    /// - Returns: the pipe that it came from; nil when there is no message.
    @inline(__always)
    package mutating func receive(into message: inout Message) -> Pipe? {
        while activeCount > 0 {
            let pipe = pipes[current]
            if let frame = pipe.pointee.received.pop() {
                let more = frame.hasMore
                message = Message(frame)
                if more { FairQueue.receiveRest(of: &message, from: pipe) }
                pipe.didReceive()
                current &+= 1
                if current >= activeCount { current = 0 }
                return pipe
            }
            sleep(pipe)
        }
        return nil
    }

    @inline(never)
    private static func receiveRest(of message: inout Message, from pipe: Pipe) {
        // The frames of a message are published together: the rest is there.
        while let frame = pipe.pointee.received.pop() {
            let more = frame.hasMore
            message.append(frame)
            if !more { return }
        }
    }

    /// Takes an empty pipe out of the turn. In-process producers are asked to tell of the next
    /// message; a stream's reader tells of it anyway.
    @inline(never)
    private mutating func sleep(_ pipe: Pipe) {
        if pipe.pointee.pair != nil {
            pipe.pointee.isAsleep.store(true, ordering: .relaxed)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if !pipe.pointee.received.isEmpty {
                pipe.pointee.isAsleep.store(false, ordering: .relaxed)
                return
            }
        }
        deactivate(pipe)
        if pipe.pointee.isReceiveEnded { pipe.pointee.engine.markDrained(pipe) }
    }

    /// Whether there is a message.
    package mutating func hasMessage() -> Bool {
        while activeCount > 0 {
            if !pipes[current].pointee.received.isEmpty { return true }
            sleep(pipes[current])
        }
        return false
    }
}
