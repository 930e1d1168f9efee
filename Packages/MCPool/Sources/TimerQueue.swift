/// Deadlines and what to do then: a binary heap, with virtual time.
///
/// - Thread rule: its owner's thread only.
/// - Complexity: O(log n) to add and to fire, O(1) to cancel.
struct TimerQueue {
    /// Names a timer for `cancel`. 0 is never one.
    typealias ID = UInt64

    private struct Entry {
        let deadline: UInt64
        let id: ID
    }

    private var heap: [Entry] = []
    private var actions: [ID: () -> Void] = [:]
    private var lastID: ID = 0

    var isEmpty: Bool { actions.isEmpty }

    /// Runs `action` when the time is `deadline` (nanoseconds) or later.
    mutating func add(deadline: UInt64, action: @escaping () -> Void) -> ID {
        lastID += 1
        actions[lastID] = action
        heap.append(Entry(deadline: deadline, id: lastID))
        siftUp(heap.count - 1)
        return lastID
    }

    mutating func cancel(_ id: ID) {
        guard actions.removeValue(forKey: id) != nil else { return }
        // Cancelled entries stay until their time; rebuild when they are most of the heap.
        if heap.count > 64 && actions.count * 4 < heap.count {
            let live = heap.filter { actions[$0.id] != nil }
            heap = []
            for entry in live {
                heap.append(entry)
                siftUp(heap.count - 1)
            }
        }
    }

    /// The next deadline, nil when there is none.
    mutating func nextDeadline() -> UInt64? {
        while let first = heap.first, actions[first.id] == nil { removeFirst() }
        return heap.first?.deadline
    }

    /// Takes the action of a timer whose time has come; call it until nil.
    mutating func takeDue(now: UInt64) -> (() -> Void)? {
        while let first = heap.first {
            guard let action = actions[first.id] else {
                removeFirst()
                continue
            }
            guard first.deadline <= now else { return nil }
            removeFirst()
            actions[first.id] = nil
            return action
        }
        return nil
    }

    private mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].deadline < heap[parent].deadline else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].deadline < heap[smallest].deadline {
                smallest = child
            }
            guard smallest != index else { return }
            heap.swapAt(index, smallest)
            index = smallest
        }
    }
}
