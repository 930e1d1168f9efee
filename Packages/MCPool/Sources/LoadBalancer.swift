import MCMemory

/// Sends each message to the next peer that has room for it (RFC 28 and 30, "round-robin").
///
/// A pipe that turns out to be full is out of the turn until it is writable again.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: as `TurnList`.
/// - Ownership: a plain pointer, as `TurnList`; the pattern calls `destroy` when it goes.
package struct LoadBalancer {
    private let turns: TurnList

    package static func create() -> LoadBalancer {
        LoadBalancer(turns: .create(for: .sending))
    }

    package func destroy() { turns.destroy() }

    package var isEmpty: Bool { turns.isEmpty }

    package func add(_ pipe: Pipe) { turns.add(pipe) }

    package func remove(_ pipe: Pipe) { turns.remove(pipe) }

    /// The pipe has room again.
    package func activate(_ pipe: Pipe) { turns.activate(pipe) }

    /// The pipe whose turn it is among those with room; nil when none has. `advance` ends the turn.
    @inline(__always)
    package func next() -> Pipe? {
        while let pipe = turns.current {
            if pipe.hasRoom { return pipe }
            turns.deactivate(pipe)
        }
        return nil
    }

    package func advance() { turns.advance() }

    /// Sends a message to the pipe whose turn it is, and ends the turn.
    ///
    /// - Returns: false when none has room.
    @inline(__always)
    package func send(_ message: Outgoing) -> Bool {
        guard let pipe = next() else { return false }
        pipe.write(message)
        advance()
        return true
    }

    /// Whether some pipe has room.
    package var hasRoom: Bool { turns.contains { $0.hasRoom } }

    /// Whether some pipe with a connected peer has room.
    package var hasConnectedRoom: Bool {
        turns.contains { $0.pointee.isConnected && $0.hasRoom }
    }
}
