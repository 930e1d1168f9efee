/// A subscriber's wish for a node's prefix.
struct SubscriptionEntry {
    /// The subscriber's place in ``Subscribers``.
    var slot: UInt32
    /// How many subscriptions there are; it stops at the largest number.
    var count: UInt32
    /// Where in the subscriber's list this node stands.
    var position: UInt32
}

/// What the way down needs of a node, in one load: 16 bytes, in its parent's memory as well.
@safe @usableFromInline
struct SubscriptionBranch {
    // Safe because only `SubscriptionNodes` follows the pointer, and frees what it points to.

    /// The branches of the children (see `SubscriptionTree+Children.swift`).
    @usableFromInline var children: UnsafeMutablePointer<SubscriptionBranch>?
    /// The node that this branch is of; 0 in a table's place that has none.
    @usableFromInline var node: UInt32 = 0
    /// In a table, the key of its first place.
    @usableFromInline var firstKey: UInt8 = 0
    /// The last place of the table or list.
    @usableFromInline var lastPlace: UInt8 = 0
    /// The byte by which the parent finds the node.
    @usableFromInline var key: UInt8 = 0
    @usableFromInline var marks: UInt8 = 2

    @inlinable init() {}

    /// The children are in a table, not a list.
    @inlinable var isTable: Bool {
        get { marks & 1 != 0 }
        set { marks = marks & ~1 | (newValue ? 1 : 0) }
    }

    /// A parent's copy only: the node has subscribers, and neither label nor children. The pointer's
    /// place holds the number of the set then.
    @inlinable var isLeaf: Bool { marks & 4 != 0 }

    @inlinable var leafSet: UInt32 {
        UInt32(truncatingIfNeeded: unsafe UInt(bitPattern: children))
    }

    mutating func becomeLeaf(_ set: UInt32) {
        marks |= 4
        unsafe children = UnsafeMutablePointer(bitPattern: UInt(set))
    }

    /// The node has neither label nor subscribers: there is nothing to see on the way.
    @inlinable var isPlain: Bool {
        get { marks & 2 != 0 }
        set { marks = marks & ~2 | (newValue ? 2 : 0) }
    }
}

/// A node: the prefix of its parent, then its key, then the label. 64 bytes, one cache line.
@safe @usableFromInline
struct SubscriptionNode {
    // Safe because only `SubscriptionNodes` follows the pointers, and frees what they point to.

    /// Up to 16 bytes of label, or in the first word the address of up to 255.
    @usableFromInline var label: (UInt64, UInt64) = (0, 0)
    @usableFromInline var branch = SubscriptionBranch()
    /// The only entry, or in its first two fields the address of several, ordered by slot.
    var entry = SubscriptionEntry(slot: 0, count: 0, position: 0)
    /// The node above, or the next free one in a node that is free.
    var parent: UInt32 = 0
    var entryCount: UInt32 = 0
    /// Who has an entry, as a number of ``SubscriberSets``; 0 for nobody.
    @usableFromInline var set: UInt32 = 0
    var childCount: UInt16 = 0
    /// The room for children.
    var childCapacity: UInt16 = 0
    @usableFromInline var labelLength: UInt8 = 0
    /// The room for entries outside of the node is 2 to this power; 0 when there are none.
    var entryRoom: UInt8 = 0
}

/// The nodes of a tree. Number 0 is the root, the empty prefix; it is always there, and nobody's
/// child, so that 0 also says "no child".
///
/// It owns raw memory that ``deallocate()`` gives back; the tree calls it once.
@safe @usableFromInline
struct SubscriptionNodes {
    @inlinable static var longestInlineLabel: Int { 16 }
    static var longestLabel: Int { 255 }

    // Safe because every number comes from `allocate`, which makes room for it, and pointers to
    // nodes are not kept across a call that may allocate one.
    @usableFromInline var base: UnsafeMutablePointer<SubscriptionNode>
    private var capacity: Int
    private var used = 1
    private var firstFree: UInt32 = 0
    /// The nodes in use, the root included.
    private(set) var liveCount = 1
    var sets = SubscriberSets()

    init() {
        capacity = 8
        unsafe base = Self.storage(capacity)
        unsafe base.initialize(to: SubscriptionNode())
    }

    func deallocate() {
        for index in 0..<used { freeParts(of: UInt32(index)) }
        unsafe base.deallocate()
        sets.deallocate()
    }

    /// Gives back the array of a tree that has nothing but its root.
    mutating func reset() {
        assert(liveCount == 1, "a tree without prefixes has no nodes")
        guard capacity > 8 else { return }
        deallocate()
        self = Self()
    }

    private static func storage(_ capacity: Int) -> UnsafeMutablePointer<SubscriptionNode> {
        let stride = MemoryLayout<SubscriptionNode>.stride
        assert(stride == 64, "a node is one cache line")
        assert(MemoryLayout<SubscriptionBranch>.stride == 16, "four branches are one cache line")
        return
            unsafe UnsafeMutableRawPointer
            .allocate(byteCount: capacity * stride, alignment: 64)
            .bindMemory(to: SubscriptionNode.self, capacity: capacity)
    }

    /// A new node without label, children and entries.
    mutating func allocate() -> UInt32 {
        liveCount += 1
        if firstFree != 0 {
            let number = firstFree
            firstFree = unsafe base[Int(number)].parent
            unsafe base[Int(number)].parent = 0
            unsafe base[Int(number)].branch.node = number
            return number
        }
        if used == capacity {
            precondition(capacity <= Int(UInt32.max) / 2, "a tree has at most 2^32 nodes")
            capacity *= 2
            let larger = unsafe Self.storage(capacity)
            unsafe larger.moveInitialize(from: base, count: used)
            unsafe base.deallocate()
            unsafe base = larger
        }
        unsafe (base + used).initialize(to: SubscriptionNode())
        unsafe base[used].branch.node = UInt32(used)
        used += 1
        return UInt32(used - 1)
    }

    mutating func free(_ number: UInt32) {
        assert(number != 0, "the root stays")
        freeParts(of: number)
        unsafe base[Int(number)] = SubscriptionNode()
        unsafe base[Int(number)].parent = firstFree
        firstFree = number
        liveCount -= 1
    }

    private func freeParts(of number: UInt32) {
        let node = unsafe base + Int(number)
        unsafe node.pointee.branch.children?.deallocate()
        if unsafe node.pointee.entryRoom > 0 { unsafe Self.entries(of: node).deallocate() }
        unsafe longLabel(of: node)?.deallocate()
    }
}

// MARK: - Labels

extension SubscriptionNodes {
    /// The label's own memory, when it does not fit into the node.
    func longLabel(
        of node: UnsafeMutablePointer<SubscriptionNode>
    ) -> UnsafeMutableRawPointer? {
        guard unsafe Int(node.pointee.labelLength) > Self.longestInlineLabel else { return nil }
        return unsafe UnsafeMutableRawPointer(bitPattern: UInt(node.pointee.label.0))
    }

    /// The label's bytes, until the next change of the tree.
    @usableFromInline
    func label(of number: UInt32) -> UnsafeRawBufferPointer {
        let node = unsafe base + Int(number)
        let start = unsafe longLabel(of: node) ?? UnsafeMutableRawPointer(node)
        return unsafe UnsafeRawBufferPointer(start: start, count: Int(node.pointee.labelLength))
    }

    /// Gives a node a new label: `front`, then `key` if there is one, then `back`. All three may
    /// be parts of labels that are there.
    mutating func setLabel(
        of number: UInt32, _ front: UnsafeRawBufferPointer, key: UInt8? = nil,
        _ back: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        let length = front.count + (key == nil ? 0 : 1) + back.count
        precondition(length <= Self.longestLabel, "a label of more than 255 bytes")
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.longestLabel, alignment: 8) { joined in
            guard let start = joined.baseAddress else { return }
            unsafe start.copyMemory(front)
            if let key { unsafe joined[front.count] = key }
            unsafe (start + (length - back.count)).copyMemory(back)
            let node = unsafe base + Int(number)
            unsafe longLabel(of: node)?.deallocate()
            unsafe node.pointee.label = (0, 0)
            unsafe node.pointee.labelLength = UInt8(length)
            if length > Self.longestInlineLabel {
                let block = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 8)
                unsafe block.copyMemory(from: start, byteCount: length)
                unsafe node.pointee.label.0 = UInt64(UInt(bitPattern: block))
            } else {
                unsafe UnsafeMutableRawPointer(node).copyMemory(from: start, byteCount: length)
            }
        }
        publish(number)
    }

    /// The whole prefix that a node stands for.
    func path(to number: UInt32) -> [UInt8] {
        var reversed: [UInt8] = []
        var current = number
        while current != 0 {
            unsafe reversed.append(contentsOf: label(of: current).reversed())
            unsafe reversed.append(base[Int(current)].branch.key)
            current = unsafe base[Int(current)].parent
        }
        return reversed.reversed()
    }
}

extension UnsafeMutableRawPointer {
    /// Copies a buffer here, which may be empty and without an address.
    fileprivate func copyMemory(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        unsafe copyMemory(from: start, byteCount: bytes.count)
    }
}
