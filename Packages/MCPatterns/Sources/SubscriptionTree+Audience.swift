/// Who wants a message, kept from one message to the next: where many messages in a row are for the
/// same subscribers, nothing is done per subscriber.
///
/// It owns raw memory that ``deallocate()`` gives back; the tree calls it once.
@safe
struct Audience {
    // Safe because the first `count` places of both lists are initialized, and `capacity` is their
    // room.

    /// The subscribers, as slots and as the caller's numbers.
    private var slots: UnsafeMutablePointer<UInt32>
    fileprivate var subscribers: UnsafeMutablePointer<Int>
    fileprivate var count = 0
    private var capacity = 16
    /// The set that the list is; 0 when it is put together of several, or nobody's, or when the tree
    /// has changed since.
    fileprivate var set: UInt32 = 0
    /// The list is that of the last message; false when there was none since the tree changed.
    fileprivate var isKnown = false

    init() {
        unsafe slots = .allocate(capacity: 16)
        unsafe subscribers = .allocate(capacity: 16)
    }

    func deallocate() {
        unsafe slots.deallocate()
        unsafe subscribers.deallocate()
    }

    /// The tree changes: numbers of sets and slots may be others' then.
    mutating func forget() {
        isKnown = false
        set = 0
        count = 0
    }

    /// Puts a subscriber at a place of the list.
    ///
    /// - Returns: whether it was there before.
    fileprivate mutating func put(slot: UInt32, subscriber: Int, at place: Int) -> Bool {
        if unsafe place < count && slots[place] == slot { return true }
        if place >= capacity { grow() }
        unsafe slots[place] = slot
        unsafe subscribers[place] = subscriber
        // What stood behind is of the list before.
        count = place + 1
        return false
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
    ///   never is.
    /// - Complexity: O(*n*), *n* being the topic's bytes that prefixes cover, where one prefix matches
    ///   and its subscribers are those of the last message; else O(*n* + *s*), *s* being the number
    ///   of subscriptions that match.
    package mutating func audience(
        of topic: UnsafeRawBufferPointer
    ) -> (list: UnsafeBufferPointer<Int>, isSame: Bool) {
        var set: UInt32 = 0
        var isOnly = true
        unsafe nodes.walk(topic) { found in
            isOnly = set == 0
            if isOnly { set = found }
            return isOnly
        }
        var isSame = true
        if !isOnly || set != audience.set || set == 0 {
            isSame = unsafe collect(topic)
            audience.set = isOnly ? set : 0
        }
        return unsafe (
            UnsafeBufferPointer(start: audience.subscribers, count: audience.count), isSame
        )
    }

    /// Makes the subscribers of all nodes on the topic's way the audience. A subscriber may want
    /// several of the topic's prefixes, and is in it once.
    ///
    /// - Returns: whether it is the same as before.
    @inline(never)
    private mutating func collect(_ topic: UnsafeRawBufferPointer) -> Bool {
        let epoch = subscribers.nextEpoch()
        let slots = unsafe subscribers.slots
        let countBefore = audience.count
        var place = 0
        var isSame = audience.isKnown
        unsafe nodes.walk(topic) { set in
            let list = unsafe nodes.sets.slots(of: set)
            for index in 0..<list.count {
                let number = unsafe list[index]
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
        audience.isKnown = true
        return isSame && place == countBefore
    }
}
