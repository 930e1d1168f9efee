/// Who wants a message, kept from one message to the next: where many messages in a row are for the
/// same subscribers, nothing is done per subscriber but to see that they are the same.
///
/// It owns raw memory that ``deallocate()`` gives back; the tree calls it once.
@safe
struct Audience {
    // Safe because `count` entries of both lists are initialized, and `capacity` is their room.

    /// The subscribers, as slots and as the caller's numbers.
    fileprivate(set) var slots: UnsafeMutablePointer<UInt32>
    fileprivate(set) var subscribers: UnsafeMutablePointer<Int>
    fileprivate(set) var count = 0
    private var capacity = 16

    /// The entries of the only node that matched; nil when there were several, or none, and when
    /// the tree has changed since.
    fileprivate var entries: UnsafeMutablePointer<SubscriptionEntry>?

    init() {
        unsafe slots = .allocate(capacity: 16)
        unsafe subscribers = .allocate(capacity: 16)
    }

    func deallocate() {
        unsafe slots.deallocate()
        unsafe subscribers.deallocate()
    }

    /// The tree changes: entries may move, and slots be others' then.
    mutating func forget() {
        unsafe entries = nil
        count = 0
    }

    /// Puts a subscriber at a place of the list.
    ///
    /// - Returns: whether it was there before.
    @inline(__always)
    fileprivate mutating func put(slot: UInt32, subscriber: Int, at place: Int) -> Bool {
        if unsafe place < count && slots[place] == slot { return true }
        if place >= capacity { grow() }
        unsafe slots[place] = slot
        unsafe subscribers[place] = subscriber
        // What stood behind is of the list before.
        count = place + 1
        return false
    }

    /// Whether one node's entries are the list.
    @inline(__always)
    fileprivate func isSame(
        as entries: UnsafeMutablePointer<SubscriptionEntry>, count: Int
    ) -> Bool {
        guard count == self.count else { return false }
        var differences: UInt32 = 0
        for place in 0..<count { unsafe differences |= entries[place].slot ^ slots[place] }
        return differences == 0
    }

    private mutating func grow() {
        let (oldSlots, oldSubscribers) = unsafe (slots, subscribers)
        capacity *= 2
        unsafe slots = .allocate(capacity: capacity)
        unsafe subscribers = .allocate(capacity: capacity)
        unsafe slots.update(from: oldSlots, count: count)
        unsafe subscribers.update(from: oldSubscribers, count: count)
        unsafe oldSlots.deallocate()
        unsafe oldSubscribers.deallocate()
    }
}

extension SubscriptionTree {
    /// The subscribers that want a message with this topic, each once, in no order. The list is valid
    /// until the tree is used again.
    ///
    /// - Returns: the list, and whether it is the one of the call before. After a change of the tree it
    ///   never is, unless it is empty.
    /// - Complexity: O(*n* + *s*), *n* being the topic's bytes that prefixes cover, *s* the number of
    ///   subscriptions that match; O(*n*) where the topic has the same only prefix as the last one.
    package mutating func audience(
        of topic: UnsafeRawBufferPointer
    ) -> (list: UnsafeBufferPointer<Int>, isSame: Bool) {
        var first: UnsafeMutablePointer<SubscriptionEntry>?
        var firstCount = 0
        var isOnly = true
        unsafe nodes.walk(topic) { entries, count in
            if unsafe first == nil {
                unsafe first = entries
                firstCount = count
                return true
            }
            isOnly = false
            return false
        }
        var isSame = false
        if isOnly, let first = unsafe first {
            if unsafe audience.entries == first {
                isSame = true
            } else {
                isSame = unsafe audience.isSame(as: first, count: firstCount)
                if !isSame { unsafe collect(first, count: firstCount) }
                unsafe audience.entries = first
            }
        } else {
            unsafe audience.entries = nil
            isSame = unsafe collectAll(topic)
        }
        return unsafe (
            UnsafeBufferPointer(start: audience.subscribers, count: audience.count), isSame
        )
    }

    /// Makes one node's subscribers the audience.
    @inline(never)
    private mutating func collect(
        _ entries: UnsafeMutablePointer<SubscriptionEntry>, count: Int
    ) {
        for place in 0..<count {
            let slot = unsafe entries[place].slot
            _ = audience.put(
                slot: slot, subscriber: unsafe subscribers.slots[Int(slot)].subscriber, at: place)
        }
        audience.count = count
    }

    /// Makes the subscribers of all nodes on the topic's way the audience. A subscriber may want
    /// several of the topic's prefixes, and is in it once.
    ///
    /// - Returns: whether it is the same as before.
    @inline(never)
    private mutating func collectAll(_ topic: UnsafeRawBufferPointer) -> Bool {
        let epoch = subscribers.nextEpoch()
        let slots = unsafe subscribers.slots
        let countBefore = audience.count
        var place = 0
        var isSame = true
        unsafe nodes.walk(topic) { entries, count in
            for index in 0..<count {
                let number = unsafe entries[index].slot
                let slot = unsafe slots + Int(number)
                if unsafe slot.pointee.epoch == epoch { continue }
                unsafe slot.pointee.epoch = epoch
                let isThere = audience.put(
                    slot: number, subscriber: unsafe slot.pointee.subscriber, at: place)
                if !isThere { isSame = false }
                place += 1
            }
            return true
        }
        audience.count = place
        return isSame && place == countBefore
    }
}
