package import MCMemory
import MCQueue
import Synchronization

/// Receives from all peers in turn, one message from each (RFC 28 and 30, "fair queueing").
///
/// Pipes stand in one array, those that may have a message in front.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1) for everything; an empty pipe costs one move, once.
/// - Ownership: a plain pointer, as `LoadBalancer`; the pattern calls `destroy` when it goes.
@safe
package struct FairQueue {
    private struct State {
        var pipes: [Pipe] = []
        var activeCount = 0
        var current = 0
    }

    private let state: UnsafeMutablePointer<State>

    package static func create() -> FairQueue {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(to: State())
        return unsafe FairQueue(state: state)
    }

    package func destroy() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    package func add(_ pipe: Pipe) {
        pipe.pointee.receiveIndex = unsafe state.pointee.pipes.count
        unsafe state.pointee.pipes.append(pipe)
        activate(pipe)
    }

    package func remove(_ pipe: Pipe) {
        guard pipe.pointee.receiveIndex >= 0 else { return }
        deactivate(pipe)
        unsafe swap(pipe.pointee.receiveIndex, state.pointee.pipes.count - 1)
        unsafe state.pointee.pipes.removeLast()
        pipe.pointee.receiveIndex = -1
    }

    /// The pipe has a message.
    package func activate(_ pipe: Pipe) {
        let index = pipe.pointee.receiveIndex
        guard unsafe index >= state.pointee.activeCount else { return }
        unsafe swap(index, state.pointee.activeCount)
        unsafe state.pointee.activeCount += 1
    }

    private func deactivate(_ pipe: Pipe) {
        let index = pipe.pointee.receiveIndex
        guard unsafe index >= 0 && index < state.pointee.activeCount else { return }
        unsafe state.pointee.activeCount -= 1
        unsafe swap(index, state.pointee.activeCount)
        if unsafe state.pointee.current >= state.pointee.activeCount {
            unsafe state.pointee.current = 0
        }
    }

    private func swap(_ a: Int, _ b: Int) {
        guard a != b else { return }
        unsafe state.pointee.pipes.swapAt(a, b)
        unsafe state.pointee.pipes[a].pointee.receiveIndex = a
        unsafe state.pointee.pipes[b].pointee.receiveIndex = b
    }

    /// Takes the next message whole into `message`.
    ///
    /// - Returns: the pipe that it came from; nil when there is no message.
    package func receive(into message: inout Message) -> Pipe? {
        while unsafe state.pointee.activeCount > 0 {
            let pipe = unsafe state.pointee.pipes[state.pointee.current]
            if let frame = pipe.pointee.received.pop() {
                let more = frame.hasMore
                message = Message(frame)
                if more { FairQueue.receiveRest(of: &message, from: pipe) }
                pipe.didReceive()
                let next = unsafe state.pointee.current &+ 1
                unsafe state.pointee.current = next >= state.pointee.activeCount ? 0 : next
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
    private func sleep(_ pipe: Pipe) {
        if pipe.pointee.pair != nil {
            pipe.pointee.isAsleep.store(true, ordering: .relaxed)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if !pipe.pointee.received.isEmpty {
                pipe.pointee.isAsleep.store(false, ordering: .relaxed)
                return
            }
        }
        deactivate(pipe)
        if pipe.pointee.isReceiveEnded { unsafe pipe.pointee.engine.markDrained(pipe) }
    }

    /// Whether there is a message.
    package func hasMessage() -> Bool {
        while unsafe state.pointee.activeCount > 0 {
            let pipe = unsafe state.pointee.pipes[state.pointee.current]
            if !pipe.pointee.received.isEmpty { return true }
            sleep(pipe)
        }
        return false
    }
}
