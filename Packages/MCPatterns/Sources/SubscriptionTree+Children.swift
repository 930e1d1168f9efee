// A node finds its children in one of two ways. A table has a place for every byte from its first
// key to its last, so that a child is one load away; it is used where the keys are dense enough
// that it costs at most about four places per child. Else there is a list: the numbers, ordered
// by key, and behind them the keys, one byte each.

extension SubscriptionNodes {
    private static func isDense(span: Int, count: Int) -> Bool {
        count > 4 && span <= 16 + 4 * count
    }

    /// The keys of a list.
    @inlinable
    static func keys(
        _ node: UnsafeMutablePointer<SubscriptionNode>,
        _ children: UnsafeMutablePointer<UInt32>
    ) -> UnsafeMutablePointer<UInt8> {
        unsafe UnsafeMutableRawPointer(children + Int(node.pointee.childCapacity))
            .assumingMemoryBound(to: UInt8.self)
    }

    /// The place of `key` among a list's keys, or of the first one above it.
    @inlinable
    static func place(
        of key: UInt8, in keys: UnsafeMutablePointer<UInt8>, count: Int
    ) -> Int {
        var low = 0
        var high = count
        while high - low > 8 {
            let middle = (low + high) / 2
            if unsafe keys[middle] <= key { low = middle } else { high = middle }
        }
        while low < high, unsafe keys[low] < key { low += 1 }
        return low
    }

    /// The child that `key` leads to, or 0.
    @inlinable @inline(__always)
    static func child(
        of node: UnsafeMutablePointer<SubscriptionNode>, _ key: UInt8
    ) -> UInt32 {
        guard let children = unsafe node.pointee.children else { return 0 }
        if unsafe node.pointee.isTable {
            let place = unsafe Int(key) - Int(node.pointee.firstKey)
            guard place >= 0, unsafe place < Int(node.pointee.childCapacity) else { return 0 }
            return unsafe children[place]
        }
        let count = unsafe Int(node.pointee.childCount)
        let keys = unsafe keys(node, children)
        let place = unsafe place(of: key, in: keys, count: count)
        return unsafe place < count && keys[place] == key ? children[place] : 0
    }

    /// Makes `child` the child that `key` leads to. There is none yet.
    mutating func addChild(_ child: UInt32, key: UInt8, to parent: UInt32) {
        let node = unsafe base + Int(parent)
        unsafe base[Int(child)].parent = parent
        unsafe base[Int(child)].key = key
        let count = unsafe Int(node.pointee.childCount)
        guard let children = unsafe node.pointee.children else {
            return unsafe rebuild(node, adding: (key, child))
        }
        if unsafe node.pointee.isTable {
            let place = unsafe Int(key) - Int(node.pointee.firstKey)
            guard place >= 0, unsafe place < Int(node.pointee.childCapacity) else {
                return unsafe rebuild(node, adding: (key, child))
            }
            unsafe children[place] = child
        } else {
            let keys = unsafe Self.keys(node, children)
            let low = unsafe min(keys[0], key)
            let high = unsafe max(keys[count - 1], key)
            guard unsafe count < Int(node.pointee.childCapacity),
                !Self.isDense(span: Int(high) - Int(low) + 1, count: count + 1)
            else { return unsafe rebuild(node, adding: (key, child)) }
            let place = unsafe Self.place(of: key, in: keys, count: count)
            unsafe (keys + place + 1).update(from: keys + place, count: count - place)
            unsafe (children + place + 1).update(from: children + place, count: count - place)
            unsafe keys[place] = key
            unsafe children[place] = child
        }
        unsafe node.pointee.childCount += 1
    }

    /// Puts `child` where another child is.
    mutating func replaceChild(key: UInt8, of parent: UInt32, with child: UInt32) {
        let node = unsafe base + Int(parent)
        unsafe base[Int(child)].parent = parent
        unsafe base[Int(child)].key = key
        guard let children = unsafe node.pointee.children else { return }
        if unsafe node.pointee.isTable {
            unsafe children[Int(key) - Int(node.pointee.firstKey)] = child
        } else {
            let count = unsafe Int(node.pointee.childCount)
            let keys = unsafe Self.keys(node, children)
            unsafe children[Self.place(of: key, in: keys, count: count)] = child
        }
    }

    /// Forgets the child that `key` leads to.
    mutating func removeChild(key: UInt8, of parent: UInt32) {
        let node = unsafe base + Int(parent)
        guard let children = unsafe node.pointee.children else { return }
        let count = unsafe Int(node.pointee.childCount)
        let room = unsafe Int(node.pointee.childCapacity)
        if unsafe node.pointee.isTable {
            unsafe children[Int(key) - Int(node.pointee.firstKey)] = 0
            unsafe node.pointee.childCount -= 1
            if count <= 3 || room > 32 + 8 * count { unsafe rebuild(node) }
        } else {
            let keys = unsafe Self.keys(node, children)
            let place = unsafe Self.place(of: key, in: keys, count: count)
            let behind = count - place - 1
            unsafe (keys + place).update(from: keys + place + 1, count: behind)
            unsafe (children + place).update(from: children + place + 1, count: behind)
            unsafe node.pointee.childCount -= 1
            if count == 1 || count * 4 <= room { unsafe rebuild(node) }
        }
    }

    /// The only child of a node that has one.
    func onlyChild(of number: UInt32) -> UInt32 {
        let node = unsafe base + Int(number)
        guard let children = unsafe node.pointee.children else { return 0 }
        guard unsafe node.pointee.isTable else { return unsafe children[0] }
        var place = 0
        while unsafe children[place] == 0 { place += 1 }
        return unsafe children[place]
    }

    /// Writes the children anew, as a table or a list, whatever fits, with one more if it is
    /// given. At most 256 steps.
    private func rebuild(
        _ node: UnsafeMutablePointer<SubscriptionNode>,
        adding new: (key: UInt8, child: UInt32)? = nil
    ) {
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { all in
            unsafe all.initialize(repeating: 0)
            unsafe forEachChild(of: node) { key, child in unsafe all[Int(key)] = child }
            if let new { unsafe all[Int(new.key)] = new.child }
            let count = unsafe Int(node.pointee.childCount) + (new == nil ? 0 : 1)
            unsafe node.pointee.children?.deallocate()
            unsafe node.pointee.children = nil
            unsafe node.pointee.childCount = UInt16(count)
            unsafe node.pointee.childCapacity = 0
            unsafe node.pointee.isTable = false
            guard count > 0 else { return }
            var low = 0
            var high = 255
            while unsafe all[low] == 0 { low += 1 }
            while unsafe all[high] == 0 { high -= 1 }
            let span = high - low + 1
            if Self.isDense(span: span, count: count) {
                unsafe node.pointee.isTable = true
                unsafe node.pointee.firstKey = UInt8(low)
                unsafe node.pointee.childCapacity = UInt16(span)
                let table = UnsafeMutablePointer<UInt32>.allocate(capacity: span)
                for place in 0..<span { unsafe table[place] = all[low + place] }
                unsafe node.pointee.children = table
            } else {
                unsafe writeList(node, count: count, from: low, through: high, of: all)
            }
        }
    }

    private func writeList(
        _ node: UnsafeMutablePointer<SubscriptionNode>, count: Int, from low: Int,
        through high: Int, of all: UnsafeMutableBufferPointer<UInt32>
    ) {
        var room = 1
        while room < count { room *= 2 }
        // Four bytes for the number and one for the key of each.
        let words = room + (room + 3) / 4
        let list = UnsafeMutablePointer<UInt32>.allocate(capacity: words)
        unsafe node.pointee.childCapacity = UInt16(room)
        let keys = unsafe Self.keys(node, list)
        var place = 0
        for key in low...high where unsafe all[key] != 0 {
            unsafe list[place] = all[key]
            unsafe keys[place] = UInt8(key)
            place += 1
        }
        unsafe node.pointee.children = list
    }

    private func forEachChild(
        of node: UnsafeMutablePointer<SubscriptionNode>, _ body: (UInt8, UInt32) -> Void
    ) {
        guard let children = unsafe node.pointee.children else { return }
        if unsafe node.pointee.isTable {
            for place in 0..<Int(unsafe node.pointee.childCapacity)
            where unsafe children[place] != 0 {
                body(unsafe node.pointee.firstKey + UInt8(place), unsafe children[place])
            }
        } else {
            let keys = unsafe Self.keys(node, children)
            for place in 0..<Int(unsafe node.pointee.childCount) {
                body(unsafe keys[place], unsafe children[place])
            }
        }
    }
}
