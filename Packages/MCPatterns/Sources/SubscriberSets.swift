/// The sets of subscribers that the nodes of a tree have, each kept once and known by a number: nodes
/// with the same subscribers have the same number, so that the way from one message to the next needs
/// no look at who they are. Number 0 is the empty set.
///
/// Prefixes outnumber the sets by far where subscribers want many prefixes each.
///
/// It owns raw memory that ``deallocate()`` gives back; the tree calls it once.
@safe
struct SubscriberSets {
    // Safe because every number that is handed out is below `used`, and a set's list has `count`
    // slots.

    @safe
    private struct Record {
        var slots: UnsafeMutablePointer<UInt32>
        var count: UInt32
        /// The nodes that have the set; 0 in a free record.
        var references: UInt32
        /// The same for the same slots, in whatever order they came.
        var hash: UInt64
        /// The next set with the same hash, or the next free record.
        var next: UInt32
    }

    private var records: UnsafeMutablePointer<Record>
    private var capacity = 4
    private var used = 1
    private var firstFree: UInt32 = 0
    /// The first set of each hash.
    private var index: [UInt64: UInt32] = [:]

    init() {
        unsafe records = .allocate(capacity: 4)
        unsafe records.initialize(
            to: Record(
                slots: .allocate(capacity: 1), count: 0, references: 1, hash: 0, next: 0))
    }

    func deallocate() {
        for number in 0..<used where unsafe records[number].references > 0 {
            unsafe records[number].slots.deallocate()
        }
        unsafe records.deallocate()
    }

    /// A set's slots in ascending order, until the next change of the tree.
    func slots(of number: UInt32) -> UnsafeBufferPointer<UInt32> {
        let record = unsafe records + Int(number)
        return unsafe UnsafeBufferPointer(
            start: record.pointee.slots, count: Int(record.pointee.count))
    }

    /// The set with one slot more, which was not in it and belongs at `place`. The caller's reference
    /// goes over to it.
    ///
    /// - Complexity: O(slots).
    mutating func adding(_ slot: UInt32, at place: Int, to number: UInt32) -> UInt32 {
        let old = unsafe slots(of: number)
        let hash = unsafe records[Int(number)].hash &+ Self.mix(slot)
        return unsafe exchange(number, hash: hash, count: old.count + 1) { list in
            unsafe list.update(from: old, count: place)
            unsafe list[place] = slot
            unsafe (list + place + 1).update(from: old, from: place)
        }
    }

    /// The set without the slot at `place`. The caller's reference goes over to it.
    ///
    /// - Complexity: O(slots).
    mutating func removing(at place: Int, from number: UInt32) -> UInt32 {
        let old = unsafe slots(of: number)
        let hash = unsafe records[Int(number)].hash &- Self.mix(old[place])
        return unsafe exchange(number, hash: hash, count: old.count - 1) { list in
            unsafe list.update(from: old, count: place)
            unsafe (list + place).update(from: old, from: place + 1)
        }
    }

    /// Lets one reference to a set go and takes one to another, which is made if it is not there.
    private mutating func exchange(
        _ old: UInt32, hash: UInt64, count: Int,
        fill: (UnsafeMutablePointer<UInt32>) -> Void
    ) -> UInt32 {
        guard count > 0 else {
            release(old)
            return 0
        }
        let list = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        unsafe fill(list)
        let first = index[hash] ?? 0
        var number = first
        while number != 0, unsafe !isSet(number, list, count: count) {
            number = unsafe records[Int(number)].next
        }
        if number == 0 {
            number = takeRecord()
            unsafe (records + Int(number)).initialize(
                to: Record(
                    slots: list, count: UInt32(count), references: 1, hash: hash, next: first))
            index[hash] = number
        } else {
            unsafe records[Int(number)].references += 1
            unsafe list.deallocate()
        }
        release(old)
        return number
    }

    private func isSet(
        _ number: UInt32, _ list: UnsafeMutablePointer<UInt32>, count: Int
    ) -> Bool {
        unsafe slots(of: number).elementsEqual(UnsafeBufferPointer(start: list, count: count))
    }

    private mutating func takeRecord() -> UInt32 {
        if firstFree != 0 {
            let number = firstFree
            firstFree = unsafe records[Int(number)].next
            return number
        }
        if used == capacity {
            capacity *= 2
            let larger = UnsafeMutablePointer<Record>.allocate(capacity: capacity)
            unsafe larger.moveInitialize(from: records, count: used)
            unsafe records.deallocate()
            unsafe records = larger
        }
        used += 1
        return UInt32(used - 1)
    }

    private mutating func release(_ number: UInt32) {
        guard number != 0 else { return }
        let record = unsafe records + Int(number)
        unsafe record.pointee.references -= 1
        guard unsafe record.pointee.references == 0 else { return }
        let next = unsafe record.pointee.next
        let hash = unsafe record.pointee.hash
        if index[hash] == number {
            index[hash] = next == 0 ? nil : next
        } else if var before = index[hash] {
            while unsafe records[Int(before)].next != number {
                before = unsafe records[Int(before)].next
            }
            unsafe records[Int(before)].next = next
        }
        unsafe record.pointee.slots.deallocate()
        unsafe record.pointee.next = firstFree
        firstFree = number
    }

    /// Spreads a slot over 64 bits (the finalizer of SplitMix64), so that sums of different slots
    /// differ.
    private static func mix(_ slot: UInt32) -> UInt64 {
        var word = (UInt64(slot) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension UnsafeMutablePointer<UInt32> {
    fileprivate func update(from list: UnsafeBufferPointer<UInt32>, count: Int) {
        guard let start = list.baseAddress else { return }
        unsafe update(from: start, count: count)
    }

    /// Copies what stands from a place on.
    fileprivate func update(from list: UnsafeBufferPointer<UInt32>, from place: Int) {
        guard let start = list.baseAddress else { return }
        unsafe update(from: start + place, count: list.count - place)
    }
}
