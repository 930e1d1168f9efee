// The subscribers of one prefix: an array ordered by slot, so that one is found in log n steps.

extension SubscriptionNodes {
    func entryCount(of number: UInt32) -> Int { Int(unsafe base[Int(number)].entryCount) }

    /// The place of a slot's entry, or of the first one above it.
    private func place(of slot: UInt32, at number: UInt32) -> (place: Int, isThere: Bool) {
        let count = entryCount(of: number)
        guard let entries = unsafe base[Int(number)].entries else { return (0, false) }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if unsafe entries[middle].slot < slot { low = middle + 1 } else { high = middle }
        }
        return (low, unsafe low < count && entries[low].slot == slot)
    }

    /// How many subscriptions a subscriber has here.
    func count(at number: UInt32, slot: UInt32) -> Int {
        let (place, isThere) = place(of: slot, at: number)
        guard isThere, let entries = unsafe base[Int(number)].entries else { return 0 }
        return Int(unsafe entries[place].count)
    }

    /// Adds a subscription. True when it is the subscriber's first here.
    mutating func addEntry(
        to number: UInt32, slot: UInt32, subscribers: inout Subscribers
    ) -> Bool {
        let (place, isThere) = place(of: slot, at: number)
        let node = unsafe base + Int(number)
        if isThere {
            if let entry = unsafe node.pointee.entries.map({ unsafe $0 + place }),
                unsafe entry.pointee.count < .max
            {
                unsafe entry.pointee.count += 1
            }
            return false
        }
        let count = unsafe Int(node.pointee.entryCount)
        if unsafe count == Int(node.pointee.entryCapacity) {
            unsafe resize(node, to: max(count * 2, 1))
        }
        guard let entries = unsafe node.pointee.entries else { return false }
        unsafe (entries + place + 1).update(from: entries + place, count: count - place)
        unsafe entries[place] = SubscriptionEntry(
            slot: slot, count: 1, position: subscribers.link(slot: slot, node: number))
        unsafe node.pointee.entryCount += 1
        return true
    }

    /// Takes a subscription back, and with the last one the entry: then the result is its
    /// position in the subscriber's list.
    mutating func takeEntry(from number: UInt32, slot: UInt32) -> UInt32? {
        let (place, isThere) = place(of: slot, at: number)
        guard isThere, let entries = unsafe base[Int(number)].entries else { return nil }
        if unsafe entries[place].count > 1 {
            unsafe entries[place].count -= 1
            return nil
        }
        let position = unsafe entries[place].position
        dropEntry(from: number, slot: slot)
        return position
    }

    /// Removes a subscriber's entry, however many subscriptions it stands for.
    mutating func dropEntry(from number: UInt32, slot: UInt32) {
        let (place, isThere) = place(of: slot, at: number)
        let node = unsafe base + Int(number)
        guard isThere, let entries = unsafe node.pointee.entries else { return }
        let count = unsafe Int(node.pointee.entryCount) - 1
        unsafe (entries + place).update(from: entries + place + 1, count: count - place)
        unsafe node.pointee.entryCount = UInt32(count)
        if unsafe count == 0 || count * 4 <= Int(node.pointee.entryCapacity) {
            unsafe resize(node, to: count)
        }
    }

    /// Notes that the node stands at another position of the subscriber's list.
    mutating func setPosition(_ position: UInt32, of slot: UInt32, at number: UInt32) {
        let (place, isThere) = place(of: slot, at: number)
        guard isThere else { return }
        unsafe base[Int(number)].entries?[place].position = position
    }

    private func resize(_ node: UnsafeMutablePointer<SubscriptionNode>, to capacity: Int) {
        let old = unsafe node.pointee.entries
        unsafe node.pointee.entries = nil
        if capacity > 0 {
            let entries = UnsafeMutablePointer<SubscriptionEntry>.allocate(capacity: capacity)
            if let old = unsafe old {
                unsafe entries.update(from: old, count: Int(node.pointee.entryCount))
            }
            unsafe node.pointee.entries = entries
        }
        unsafe old?.deallocate()
        unsafe node.pointee.entryCapacity = UInt32(capacity)
    }
}
