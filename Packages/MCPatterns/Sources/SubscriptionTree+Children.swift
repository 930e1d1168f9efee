// A node finds its children in one of two ways. A table has a place for every byte from its first
// key to its last, so that a child is one load away; it is used where the keys are dense enough
// that it costs at most about four places per child. Else there is a list, ordered by key.
//
// What the way down needs of a child stands in its parent's table or list, as a copy of the
// child's branch: a child without label is passed without a look at it, unless it has both subscribers
// and children.

extension SubscriptionNodes {
    private static func isDense(span: Int, count: Int) -> Bool {
        count > 4 && span <= 16 + 4 * count
    }

    /// The branch that `key` leads to, in the parent's memory, or nil.
    @inlinable @inline(__always)
    static func child(
        of branch: SubscriptionBranch, _ key: UInt8
    ) -> UnsafeMutablePointer<SubscriptionBranch>? {
        guard let children = unsafe branch.children else { return nil }
        if branch.isTable {
            let place = key &- branch.firstKey
            guard place <= branch.lastPlace else { return nil }
            let child = unsafe children + Int(place)
            return unsafe child.pointee.node == 0 ? nil : child
        }
        let count = Int(branch.lastPlace) + 1
        let place = unsafe place(of: key, in: children, count: count)
        return unsafe place < count && children[place].key == key ? children + place : nil
    }

    /// The place of `key` in a list, or of the first key above it.
    @inlinable
    static func place(
        of key: UInt8, in list: UnsafeMutablePointer<SubscriptionBranch>, count: Int
    ) -> Int {
        var low = 0
        var high = count
        while high - low > 8 {
            let middle = (low + high) / 2
            if unsafe list[middle].key <= key { low = middle } else { high = middle }
        }
        while low < high, unsafe list[low].key < key { low += 1 }
        return low
    }

    /// Makes `child` the child that `key` leads to. There is none yet.
    mutating func addChild(_ child: UInt32, key: UInt8, to parent: UInt32) {
        let node = unsafe base + Int(parent)
        unsafe base[Int(child)].parent = parent
        unsafe base[Int(child)].branch.key = key
        let new = copy(of: child)
        let branch = unsafe node.pointee.branch
        let count = unsafe Int(node.pointee.childCount)
        defer { publish(parent) }
        guard let children = unsafe branch.children else {
            return unsafe rebuild(node, adding: new)
        }
        if branch.isTable {
            let place = key &- branch.firstKey
            guard place <= branch.lastPlace else { return unsafe rebuild(node, adding: new) }
            unsafe children[Int(place)] = new
        } else {
            let low = unsafe min(children[0].key, key)
            let high = unsafe max(children[count - 1].key, key)
            guard unsafe count < Int(node.pointee.childCapacity),
                !Self.isDense(span: Int(high) - Int(low) + 1, count: count + 1)
            else { return unsafe rebuild(node, adding: new) }
            let place = unsafe Self.place(of: key, in: children, count: count)
            unsafe (children + place + 1).update(from: children + place, count: count - place)
            unsafe children[place] = new
            unsafe node.pointee.branch.lastPlace += 1
        }
        unsafe node.pointee.childCount += 1
    }

    /// Puts `child` where another child is.
    mutating func replaceChild(key: UInt8, of parent: UInt32, with child: UInt32) {
        unsafe base[Int(child)].parent = parent
        unsafe base[Int(child)].branch.key = key
        let branch = copy(of: child)
        unsafe Self.child(of: base[Int(parent)].branch, key)?.pointee = branch
    }

    /// A node's branch as its parent has it.
    private func copy(of number: UInt32) -> SubscriptionBranch {
        let node = unsafe base + Int(number)
        var copy = unsafe node.pointee.branch
        let hasLabel = unsafe node.pointee.labelLength > 0
        let set = unsafe node.pointee.set
        copy.isPlain = !hasLabel && set == 0
        if unsafe !hasLabel && set != 0 && node.pointee.childCount == 0 { copy.becomeLeaf(set) }
        return copy
    }

    /// Brings the parent's copy of a node's branch up to date. A node that was just made has no
    /// copy yet, and its parent's number means nothing.
    mutating func publish(_ number: UInt32) {
        let copy = copy(of: number)
        let parent = unsafe base[Int(base[Int(number)].parent)].branch
        guard let place = unsafe Self.child(of: parent, copy.key),
            unsafe place.pointee.node == number
        else { return }
        unsafe place.pointee = copy
    }

    /// Forgets the child that `key` leads to.
    mutating func removeChild(key: UInt8, of parent: UInt32) {
        let node = unsafe base + Int(parent)
        let branch = unsafe node.pointee.branch
        guard let children = unsafe branch.children else { return }
        let count = unsafe Int(node.pointee.childCount)
        unsafe node.pointee.childCount -= 1
        if branch.isTable {
            unsafe children[Int(key &- branch.firstKey)] = SubscriptionBranch()
            if count <= 3 || Int(branch.lastPlace) >= 32 + 8 * count { unsafe rebuild(node) }
        } else {
            let place = unsafe Self.place(of: key, in: children, count: count)
            unsafe (children + place).update(
                from: children + place + 1, count: count - place - 1)
            if count > 1 { unsafe node.pointee.branch.lastPlace -= 1 }
            if unsafe count == 1 || count * 4 <= Int(node.pointee.childCapacity) {
                unsafe rebuild(node)
            }
        }
        publish(parent)
    }

    /// The only child of a node that has one.
    func onlyChild(of number: UInt32) -> UInt32 {
        var only: UInt32 = 0
        unsafe forEachChild(of: base + Int(number)) { only = $0.node }
        return only
    }

    /// Writes the children anew, as a table or a list, whatever fits, with one more if it is
    /// given. At most 256 steps.
    private func rebuild(
        _ node: UnsafeMutablePointer<SubscriptionNode>, adding new: SubscriptionBranch? = nil
    ) {
        unsafe withUnsafeTemporaryAllocation(of: SubscriptionBranch.self, capacity: 256) { all in
            unsafe all.initialize(repeating: SubscriptionBranch())
            unsafe forEachChild(of: node) { unsafe all[Int($0.key)] = $0 }
            if let new { unsafe all[Int(new.key)] = new }
            var low = 0
            var high = 255
            while low < 256, unsafe all[low].node == 0 { low += 1 }
            while high > low, unsafe all[high].node == 0 { high -= 1 }
            let count = unsafe all.reduce(0) { $0 + ($1.node == 0 ? 0 : 1) }
            unsafe node.pointee.branch.children?.deallocate()
            unsafe node.pointee.branch.children = nil
            unsafe node.pointee.branch.lastPlace = 0
            unsafe node.pointee.childCount = UInt16(count)
            guard count > 0 else { return unsafe node.pointee.childCapacity = 0 }
            let span = high - low + 1
            let isTable = Self.isDense(span: span, count: count)
            var room = isTable ? span : 1
            while room < count { room *= 2 }
            let block = UnsafeMutablePointer<SubscriptionBranch>.allocate(capacity: room)
            var place = 0
            for key in low...high where unsafe isTable || all[key].node != 0 {
                unsafe (block + place).initialize(to: all[key])
                place += 1
            }
            unsafe node.pointee.branch.children = block
            unsafe node.pointee.branch.firstKey = UInt8(low)
            unsafe node.pointee.branch.lastPlace = UInt8(place - 1)
            unsafe node.pointee.branch.isTable = isTable
            unsafe node.pointee.childCapacity = UInt16(room)
        }
    }

    private func forEachChild(
        of node: UnsafeMutablePointer<SubscriptionNode>, _ body: (SubscriptionBranch) -> Void
    ) {
        let branch = unsafe node.pointee.branch
        guard let children = unsafe branch.children else { return }
        // A list that has just lost its only child still says one place.
        let places = unsafe node.pointee.childCount == 0 ? 0 : Int(branch.lastPlace) + 1
        for place in 0..<places where unsafe children[place].node != 0 {
            body(unsafe children[place])
        }
    }
}
