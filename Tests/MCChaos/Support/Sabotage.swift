import Synchronization

/// Mistakes that a run makes on purpose when it is told to, to show that it would notice those of others.
enum Sabotage {
    /// Set before any thread starts.
    nonisolated(unsafe) static var kind: String?

    private static let occasions = Atomic<Int>(0)

    /// Whether to make this mistake now.
    static func strikes(_ kind: String, oneIn count: Int) -> Bool {
        guard kind == self.kind else { return false }
        return occasions.add(1, ordering: .relaxed).newValue % count == 0
    }
}
