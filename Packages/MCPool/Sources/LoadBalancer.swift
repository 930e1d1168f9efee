import MCMemory

/// Sends each message to the next peer that has room for it (RFC 28 and 30, "round-robin").
///
/// Pipes stand in one array, the usable ones in front; a pipe that turns out to be full moves
/// behind them until it is writable again.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1) for everything; a full pipe costs one move, once.
package struct LoadBalancer {
    package private(set) var pipes: [Pipe] = []
    private var activeCount = 0
    private var current = 0

    package init() {}

    package var isEmpty: Bool { pipes.isEmpty }

    package mutating func add(_ pipe: Pipe) {
        pipe.pointee.sendIndex = pipes.count
        pipes.append(pipe)
        activate(pipe)
    }

    package mutating func remove(_ pipe: Pipe) {
        guard pipe.pointee.sendIndex >= 0 else { return }
        deactivate(pipe)
        let last = pipes.count - 1
        swap(pipe.pointee.sendIndex, last)
        pipes.removeLast()
        pipe.pointee.sendIndex = -1
    }

    /// The pipe has room again.
    package mutating func activate(_ pipe: Pipe) {
        let index = pipe.pointee.sendIndex
        guard index >= activeCount else { return }
        swap(index, activeCount)
        activeCount += 1
    }

    package mutating func deactivate(_ pipe: Pipe) {
        let index = pipe.pointee.sendIndex
        guard index >= 0 && index < activeCount else { return }
        activeCount -= 1
        swap(index, activeCount)
        if current >= activeCount { current = 0 }
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        guard a != b else { return }
        pipes.swapAt(a, b)
        pipes[a].pointee.sendIndex = a
        pipes[b].pointee.sendIndex = b
    }

    /// The pipe whose turn it is among those with room; nil when none has. `advance` ends the turn.
    @inline(__always)
    package mutating func next() -> Pipe? {
        while activeCount > 0 {
            let pipe = pipes[current]
            if pipe.pointee.hasRoom { return pipe }
            deactivate(pipe)
        }
        return nil
    }

    @inline(__always)
    package mutating func advance() {
        current &+= 1
        if current >= activeCount { current = 0 }
    }

    /// Whether some pipe has room.
    package var hasRoom: Bool {
        for index in 0..<activeCount where pipes[index].pointee.hasRoom { return true }
        return false
    }

    /// Whether some pipe with a connected peer has room.
    package var hasConnectedRoom: Bool {
        for index in 0..<activeCount
        where pipes[index].pointee.isConnected && pipes[index].pointee.hasRoom { return true }
        return false
    }
}
