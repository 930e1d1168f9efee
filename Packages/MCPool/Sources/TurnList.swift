/// The pipes of a socket in the order of their turns: those that can be used in front, the others
/// behind them until they are activated again.
///
/// Sending and receiving have a list each, in which a pipe has a position of its own.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1), but O(pipes) for `contains`; a pipe that falls out of the turn costs one move,
///   once.
/// - Ownership: the handle is a plain pointer, so that a message pays for no exclusivity check; its
///   owner calls `destroy`.
@safe
struct TurnList {
    /// What the turns are for.
    enum Role {
        case sending
        case receiving
    }

    private struct State {
        let role: Role
        var pipes: [Pipe] = []
        var activeCount = 0
        var current = 0

        func position(of pipe: Pipe) -> Int {
            role == .sending ? pipe.pointee.sendIndex : pipe.pointee.receiveIndex
        }

        func note(_ position: Int, of pipe: Pipe) {
            switch role {
            case .sending: pipe.pointee.sendIndex = position
            case .receiving: pipe.pointee.receiveIndex = position
            }
        }

        mutating func swap(_ a: Int, _ b: Int) {
            guard a != b else { return }
            pipes.swapAt(a, b)
            note(a, of: pipes[a])
            note(b, of: pipes[b])
        }
    }

    private let state: UnsafeMutablePointer<State>

    static func create(for role: Role) -> TurnList {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(to: State(role: role))
        return unsafe TurnList(state: state)
    }

    func destroy() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Whether there is no pipe at all, in the turn or out of it.
    var isEmpty: Bool { unsafe state.pointee.pipes.isEmpty }

    /// Adds a pipe to the turn.
    func add(_ pipe: Pipe) {
        unsafe state.pointee.note(state.pointee.pipes.count, of: pipe)
        unsafe state.pointee.pipes.append(pipe)
        activate(pipe)
    }

    func remove(_ pipe: Pipe) {
        guard unsafe state.pointee.position(of: pipe) >= 0 else { return }
        deactivate(pipe)
        unsafe state.pointee.swap(
            state.pointee.position(of: pipe), state.pointee.pipes.count - 1)
        unsafe state.pointee.pipes.removeLast()
        unsafe state.pointee.note(-1, of: pipe)
    }

    /// Takes a pipe into the turn again.
    func activate(_ pipe: Pipe) {
        let position = unsafe state.pointee.position(of: pipe)
        guard unsafe position >= state.pointee.activeCount else { return }
        unsafe state.pointee.swap(position, state.pointee.activeCount)
        unsafe state.pointee.activeCount += 1
    }

    /// Takes a pipe out of the turn.
    func deactivate(_ pipe: Pipe) {
        let position = unsafe state.pointee.position(of: pipe)
        guard unsafe position >= 0 && position < state.pointee.activeCount else { return }
        unsafe state.pointee.activeCount -= 1
        unsafe state.pointee.swap(position, state.pointee.activeCount)
        if unsafe state.pointee.current >= state.pointee.activeCount {
            unsafe state.pointee.current = 0
        }
    }

    /// The pipe whose turn it is.
    @inline(__always)
    var current: Pipe? {
        guard unsafe state.pointee.activeCount > 0 else { return nil }
        return unsafe state.pointee.pipes[state.pointee.current]
    }

    /// Ends the turn of the current pipe.
    @inline(__always)
    func advance() {
        let next = unsafe state.pointee.current &+ 1
        unsafe state.pointee.current = next >= state.pointee.activeCount ? 0 : next
    }

    /// Whether a pipe in the turn suits.
    func contains(where suits: (Pipe) -> Bool) -> Bool {
        unsafe state.pointee.pipes[..<state.pointee.activeCount].contains(where: suits)
    }
}
