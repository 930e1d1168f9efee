import MCPool

/// A socket's peers by routing id, and the ids that it makes up.
struct PeerTable {
    private var pipes: [RoutingKey: Pipe] = [:]
    private var lastNumber: UInt32

    /// - Parameter seed: the number before that of the first id.
    init(seed: UInt32) { lastNumber = seed }

    /// The next id: a zero byte, with which no peer's own may begin, and a number.
    mutating func makeID() -> [UInt8] {
        lastNumber &+= 1
        return unsafe [0] + withUnsafeBytes(of: lastNumber.bigEndian) { unsafe [UInt8]($0) }
    }

    subscript(id: [UInt8]) -> Pipe? { pipes[RoutingKey(id)] }

    subscript(id: UnsafeRawBufferPointer) -> Pipe? { unsafe pipes[RoutingKey(id)] }

    /// Whether some peer suits.
    func contains(where suits: (Pipe) -> Bool) -> Bool { pipes.values.contains(where: suits) }

    /// Finds the pipe by its routing id from now on, and nobody else who had that.
    mutating func insert(_ pipe: Pipe) { pipes[RoutingKey(pipe.pointee.routingID)] = pipe }

    /// Does not find the pipe any more; who has its id by now stays.
    mutating func remove(_ pipe: Pipe) {
        let key = RoutingKey(pipe.pointee.routingID)
        if pipes[key] == pipe { pipes[key] = nil }
    }
}
