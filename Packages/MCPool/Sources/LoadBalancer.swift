import MCMemory

/// Sends each message to the next peer that has room for it (RFC 28 and 30, "round-robin").
///
/// Pipes stand in one array, the usable ones in front; a pipe that turns out to be full moves
/// behind them until it is writable again.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1) for everything; a full pipe costs one move, once.
/// - Ownership: the handle is a plain pointer, so that a send pays for no exclusivity check; the
///   pattern calls `destroy` when it goes.
@safe
package struct LoadBalancer {
    private struct State {
        var pipes: [Pipe] = []
        var activeCount = 0
        var current = 0
    }

    private let state: UnsafeMutablePointer<State>

    package static func create() -> LoadBalancer {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(to: State())
        return unsafe LoadBalancer(state: state)
    }

    package func destroy() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    package var isEmpty: Bool { unsafe state.pointee.pipes.isEmpty }

    package func add(_ pipe: Pipe) {
        pipe.pointee.sendIndex = unsafe state.pointee.pipes.count
        unsafe state.pointee.pipes.append(pipe)
        activate(pipe)
    }

    package func remove(_ pipe: Pipe) {
        guard pipe.pointee.sendIndex >= 0 else { return }
        deactivate(pipe)
        unsafe swap(pipe.pointee.sendIndex, state.pointee.pipes.count - 1)
        unsafe state.pointee.pipes.removeLast()
        pipe.pointee.sendIndex = -1
    }

    /// The pipe has room again.
    package func activate(_ pipe: Pipe) {
        let index = pipe.pointee.sendIndex
        guard unsafe index >= state.pointee.activeCount else { return }
        unsafe swap(index, state.pointee.activeCount)
        unsafe state.pointee.activeCount += 1
    }

    private func deactivate(_ pipe: Pipe) {
        let index = pipe.pointee.sendIndex
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
        unsafe state.pointee.pipes[a].pointee.sendIndex = a
        unsafe state.pointee.pipes[b].pointee.sendIndex = b
    }

    /// The pipe whose turn it is among those with room; nil when none has. `advance` ends the turn.
    package func next() -> Pipe? {
        while unsafe state.pointee.activeCount > 0 {
            let pipe = unsafe state.pointee.pipes[state.pointee.current]
            if pipe.pointee.hasRoom { return pipe }
            deactivate(pipe)
        }
        return nil
    }

    package func advance() {
        let next = unsafe state.pointee.current &+ 1
        unsafe state.pointee.current = next >= state.pointee.activeCount ? 0 : next
    }

    /// Whether some pipe has room.
    package var hasRoom: Bool { active { $0.pointee.hasRoom } }

    /// Whether some pipe with a connected peer has room.
    package var hasConnectedRoom: Bool {
        active { $0.pointee.isConnected && $0.pointee.hasRoom }
    }

    private func active(_ suits: (Pipe) -> Bool) -> Bool {
        unsafe state.pointee.pipes[..<state.pointee.activeCount].contains(where: suits)
    }
}
