/// A subscriber as the tree keeps it.
@safe @usableFromInline
struct SubscriberSlot {
    // Safe because only `Subscribers` follows the pointer, and frees what it points to.

    /// The caller's number.
    @usableFromInline var subscriber: Int
    /// The nodes that the subscriber has an entry in, in no order.
    var prefixes: UnsafeMutablePointer<UInt32>?
    var prefixCount: UInt32
    var prefixCapacity: UInt32
    /// The last match that visited the subscriber.
    @usableFromInline var epoch: UInt32
    /// The next free slot, in a free one.
    var nextFree: UInt32
}

/// The subscribers of a tree: small numbers for the caller's large ones, and back.
///
/// It owns raw memory that ``deallocate()`` gives back; the tree calls it once.
@safe @usableFromInline
struct Subscribers {
    // Safe because every slot number comes from `slot(for:)`, which makes room for it.
    @usableFromInline var slots: UnsafeMutablePointer<SubscriberSlot>
    private var capacity = 4
    private var used = 0
    private var firstFree = UInt32.max
    private var numbers: [Int: UInt32] = [:]
    @usableFromInline var epoch: UInt32 = 0

    init() {
        unsafe slots = .allocate(capacity: 4)
    }

    func deallocate() {
        for index in 0..<used { unsafe slots[index].prefixes?.deallocate() }
        unsafe slots.deallocate()
    }

    /// A mark that no slot has.
    @inlinable
    mutating func nextEpoch() -> UInt32 {
        epoch &+= 1
        if epoch == 0 { restartEpochs() }
        return epoch
    }

    @usableFromInline
    mutating func restartEpochs() {
        for index in 0..<used { unsafe slots[index].epoch = 0 }
        epoch = 1
    }

    func existingSlot(of subscriber: Int) -> UInt32? { numbers[subscriber] }

    mutating func slot(for subscriber: Int) -> UInt32 {
        if let slot = numbers[subscriber] { return slot }
        let slot: UInt32
        if firstFree != .max {
            slot = firstFree
            firstFree = unsafe slots[Int(slot)].nextFree
        } else {
            if used == capacity { grow() }
            slot = UInt32(used)
            used += 1
        }
        unsafe (slots + Int(slot)).initialize(
            to: SubscriberSlot(
                subscriber: subscriber, prefixes: nil, prefixCount: 0, prefixCapacity: 0,
                epoch: epoch, nextFree: .max))
        numbers[subscriber] = slot
        return slot
    }

    /// Forgets a subscriber that wants nothing any more.
    mutating func release(_ slot: UInt32, of subscriber: Int) {
        assert(prefixCount(of: slot) == 0, "a subscriber that still wants something")
        unsafe slots[Int(slot)].prefixes?.deallocate()
        unsafe slots[Int(slot)].prefixes = nil
        numbers[subscriber] = nil
        if numbers.isEmpty {
            // The last one: all that the others needed goes as well.
            numbers = [:]
            unsafe slots.deallocate()
            unsafe slots = .allocate(capacity: 4)
            (capacity, used, firstFree) = (4, 0, .max)
        } else {
            unsafe slots[Int(slot)].nextFree = firstFree
            firstFree = slot
        }
    }

    func prefixCount(of slot: UInt32) -> Int { Int(unsafe slots[Int(slot)].prefixCount) }

    func node(of slot: UInt32, at position: Int) -> UInt32 {
        precondition(position < prefixCount(of: slot), "a position beyond a subscriber's list")
        guard let prefixes = unsafe slots[Int(slot)].prefixes else { return 0 }
        return unsafe prefixes[position]
    }

    /// Notes that the subscriber has an entry in `node`, and returns where in its list.
    mutating func link(slot: UInt32, node: UInt32) -> UInt32 {
        let pointer = unsafe slots + Int(slot)
        let count = unsafe Int(pointer.pointee.prefixCount)
        if unsafe count == Int(pointer.pointee.prefixCapacity) {
            unsafe resize(pointer, to: max(count * 2, 2))
        }
        unsafe pointer.pointee.prefixes?[count] = node
        unsafe pointer.pointee.prefixCount += 1
        return UInt32(count)
    }

    /// Takes a position out of the subscriber's list, and returns the node that takes it over.
    mutating func unlink(slot: UInt32, position: UInt32) -> UInt32? {
        guard let last = popLast(of: slot), Int(position) < prefixCount(of: slot) else {
            return nil
        }
        unsafe slots[Int(slot)].prefixes?[Int(position)] = last
        return last
    }

    /// Takes the last node out of the subscriber's list.
    mutating func popLast(of slot: UInt32) -> UInt32? {
        let pointer = unsafe slots + Int(slot)
        let count = unsafe Int(pointer.pointee.prefixCount)
        guard count > 0, let prefixes = unsafe pointer.pointee.prefixes else { return nil }
        let last = unsafe prefixes[count - 1]
        unsafe pointer.pointee.prefixCount -= 1
        if count > 8, unsafe count <= Int(pointer.pointee.prefixCapacity) / 4 {
            unsafe resize(pointer, to: count)
        }
        return last
    }

    private func resize(_ slot: UnsafeMutablePointer<SubscriberSlot>, to capacity: Int) {
        let list = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
        if let old = unsafe slot.pointee.prefixes {
            unsafe list.update(from: old, count: Int(slot.pointee.prefixCount))
            unsafe old.deallocate()
        }
        unsafe slot.pointee.prefixes = list
        unsafe slot.pointee.prefixCapacity = UInt32(capacity)
    }

    private mutating func grow() {
        capacity *= 2
        let larger = UnsafeMutablePointer<SubscriberSlot>.allocate(capacity: capacity)
        unsafe larger.moveInitialize(from: slots, count: used)
        unsafe slots.deallocate()
        unsafe slots = larger
    }
}
