// The subscribers of one prefix: one entry in the node, or an array ordered by slot, so that one
// is found in log n steps.

extension SubscriptionNodes {
    /// Where a node keeps its entries.
    static func entries(
        of node: UnsafeMutablePointer<SubscriptionNode>
    ) -> UnsafeMutablePointer<SubscriptionEntry> {
        if unsafe node.pointee.entryRoom > 0 {
            let bits =
                unsafe UInt(node.pointee.entry.slot)
                | UInt(node.pointee.entry.count) << 32
            if let several = unsafe UnsafeMutablePointer<SubscriptionEntry>(bitPattern: bits) {
                return unsafe several
            }
        }
        // Safe because a node is behind a pointer and stays where it is while it is looked at.
        return unsafe UnsafeMutableRawPointer(node).advanced(by: offsetOfEntry)
            .assumingMemoryBound(to: SubscriptionEntry.self)
    }

    /// Behind the label and the branch.
    static var offsetOfEntry: Int { 32 }

    func entryCount(of number: UInt32) -> Int { Int(unsafe base[Int(number)].entryCount) }

    /// A slot's entry, or nil; and its place, or that of the first one above it.
    private func search(
        _ slot: UInt32, at number: UInt32
    ) -> (place: Int, entry: UnsafeMutablePointer<SubscriptionEntry>?) {
        let count = entryCount(of: number)
        let entries = unsafe Self.entries(of: base + Int(number))
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if unsafe entries[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        return unsafe (low, low < count && entries[low].slot == slot ? entries + low : nil)
    }

    /// How many subscriptions a subscriber has here.
    func count(at number: UInt32, slot: UInt32) -> Int {
        Int(unsafe search(slot, at: number).entry?.pointee.count ?? 0)
    }

    /// Adds a subscription. True when it is the subscriber's first here.
    mutating func addEntry(
        to number: UInt32, slot: UInt32, subscribers: inout Subscribers
    ) -> Bool {
        let found = unsafe search(slot, at: number)
        if let entry = unsafe found.entry {
            if unsafe entry.pointee.count < .max { unsafe entry.pointee.count += 1 }
            return false
        }
        let node = unsafe base + Int(number)
        let count = unsafe Int(node.pointee.entryCount)
        if unsafe count == 1 << Int(node.pointee.entryRoom) {
            unsafe resize(node, to: node.pointee.entryRoom + 1)
        }
        let place = unsafe Self.entries(of: node) + found.place
        unsafe (place + 1).update(from: place, count: count - found.place)
        unsafe place.pointee = SubscriptionEntry(
            slot: slot, count: 1, position: subscribers.link(slot: slot, node: number))
        unsafe node.pointee.entryCount += 1
        unsafe node.pointee.set = sets.adding(
            slot, at: found.place, to: node.pointee.set)
        publish(number)
        return true
    }

    /// Takes a subscription back, and with the last one the entry: then the result is its
    /// position in the subscriber's list.
    mutating func takeEntry(from number: UInt32, slot: UInt32) -> UInt32? {
        guard let entry = unsafe search(slot, at: number).entry else { return nil }
        if unsafe entry.pointee.count > 1 {
            unsafe entry.pointee.count -= 1
            return nil
        }
        let position = unsafe entry.pointee.position
        dropEntry(from: number, slot: slot)
        return position
    }

    /// Removes a subscriber's entry, however many subscriptions it stands for.
    mutating func dropEntry(from number: UInt32, slot: UInt32) {
        let found = unsafe search(slot, at: number)
        guard let entry = unsafe found.entry else { return }
        let node = unsafe base + Int(number)
        let count = unsafe Int(node.pointee.entryCount) - 1
        unsafe entry.update(from: entry + 1, count: count - found.place)
        unsafe node.pointee.entryCount = UInt32(count)
        let room = unsafe node.pointee.entryRoom
        // A quarter is in use, or only the place in the node itself is needed.
        if room > 1, count <= 1 << Int(room - 2) {
            unsafe resize(node, to: room - 2)
        } else if room == 1, count == 0 {
            unsafe resize(node, to: 0)
        }
        unsafe node.pointee.set = sets.removing(at: found.place, from: node.pointee.set)
        publish(number)
    }

    /// Notes that the node stands at another position of the subscriber's list.
    mutating func setPosition(_ position: UInt32, of slot: UInt32, at number: UInt32) {
        unsafe search(slot, at: number).entry?.pointee.position = position
    }

    /// Makes room for 2 to the power of `room` entries; one is kept in the node.
    private func resize(_ node: UnsafeMutablePointer<SubscriptionNode>, to room: UInt8) {
        let old = unsafe Self.entries(of: node)
        let wasOutside = unsafe node.pointee.entryRoom > 0
        unsafe node.pointee.entryRoom = room
        if room == 0 {
            guard wasOutside else { return }
            let only = unsafe old.pointee
            unsafe old.deallocate()
            unsafe node.pointee.entry = only
            return
        }
        let new = UnsafeMutablePointer<SubscriptionEntry>.allocate(capacity: 1 << Int(room))
        unsafe new.update(from: old, count: Int(node.pointee.entryCount))
        if wasOutside { unsafe old.deallocate() }
        let bits = UInt(bitPattern: new)
        unsafe node.pointee.entry.slot = UInt32(truncatingIfNeeded: bits)
        unsafe node.pointee.entry.count = UInt32(truncatingIfNeeded: bits >> 32)
    }
}
