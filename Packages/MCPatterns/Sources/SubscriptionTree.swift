/// Who wants which messages: prefixes, each with its subscribers, each subscriber with a count
/// (RFC 29: subscriptions add up, and two to the same prefix take two cancellations).
///
/// A radix tree over bytes: a node stands for a prefix, the bytes that a chain of nodes would
/// share are one label, and children are found by one load where their bytes are dense. Nodes
/// lie in one array and refer to each other by number.
///
/// Budget of ``audience(of:)``: no allocation, no reference counting, no lock. Where the
/// topic's way branches it costs one load that waits for the one before, and where it meets a
/// label or subscribers one or two more, whatever the number of prefixes.
///
/// Memory is in proportion to the bytes of the prefixes that are there, and comes back when they
/// go. Labels of at most 255 bytes bound what is copied when one is divided or joined: what a
/// command of a hostile peer costs is in proportion to its own length.
///
/// Subscribers are numbers that the caller gives. A tree has one owner and one thread at a time.
@safe
package struct SubscriptionTree: ~Copyable {
    // Safe because both stores free themselves once, here, and hand out no pointer that outlives
    // the call it was asked for in.
    @usableFromInline var nodes = SubscriptionNodes()
    var subscribers = Subscribers()
    /// Who wanted the last message.
    var audience = Audience()

    /// The number of different prefixes, whoever wants them.
    package private(set) var prefixCount = 0

    /// A tree without subscriptions.
    package init() {}

    deinit {
        nodes.deallocate()
        subscribers.deallocate()
        audience.deallocate()
    }

    /// Whether nobody wants anything.
    package var isEmpty: Bool { prefixCount == 0 }

    /// The number of nodes in use, for tests of growth.
    package var nodeCount: Int { nodes.liveCount }

    /// Adds one subscription. True when it is the subscriber's first to this prefix.
    ///
    /// - Complexity: O(*n* + log *m*), *n* being the prefix's length and *m* the number of its
    ///   subscribers; inserting among many moves the others.
    @discardableResult
    package mutating func add(prefix: UnsafeRawBufferPointer, subscriber: Int) -> Bool {
        audience.forget()
        let slot = subscribers.slot(for: subscriber)
        let node = unsafe nodes.insert(prefix)
        if nodes.entryCount(of: node) == 0 { prefixCount += 1 }
        return nodes.addEntry(to: node, slot: slot, subscribers: &subscribers)
    }

    /// Takes one subscription back. True when it was the subscriber's last to this prefix; false
    /// when others are left, and when there was none.
    ///
    /// - Complexity: as ``add(prefix:subscriber:)``.
    @discardableResult
    package mutating func remove(prefix: UnsafeRawBufferPointer, subscriber: Int) -> Bool {
        audience.forget()
        guard let slot = subscribers.existingSlot(of: subscriber),
            let node = unsafe nodes.find(prefix),
            let position = nodes.takeEntry(from: node, slot: slot)
        else { return false }
        if let moved = subscribers.unlink(slot: slot, position: position) {
            nodes.setPosition(position, of: slot, at: moved)
        }
        if subscribers.prefixCount(of: slot) == 0 { subscribers.release(slot, of: subscriber) }
        removeIfUnused(node)
        return true
    }

    /// Takes back all that a subscriber wants, in time proportional to that. `vanished` is given
    /// every prefix that nobody wants any more.
    package mutating func removeAll(
        subscriber: Int, vanished: (([UInt8]) -> Void)? = nil
    ) {
        audience.forget()
        guard let slot = subscribers.existingSlot(of: subscriber) else { return }
        while let node = subscribers.popLast(of: slot) {
            nodes.dropEntry(from: node, slot: slot)
            if let vanished, nodes.entryCount(of: node) == 0 { vanished(nodes.path(to: node)) }
            removeIfUnused(node)
        }
        subscribers.release(slot, of: subscriber)
    }

    /// Whether anybody wants exactly this prefix.
    package func contains(prefix: UnsafeRawBufferPointer) -> Bool {
        guard let node = unsafe nodes.find(prefix) else { return false }
        return nodes.entryCount(of: node) > 0
    }

    /// Gives `body` every prefix that a subscriber wants, and how many times, in no order.
    package func forEachPrefix(of subscriber: Int, _ body: ([UInt8], Int) -> Void) {
        guard let slot = subscribers.existingSlot(of: subscriber) else { return }
        for position in 0..<subscribers.prefixCount(of: slot) {
            let node = subscribers.node(of: slot, at: position)
            body(nodes.path(to: node), nodes.count(at: node, slot: slot))
        }
    }

    /// Gives the stores back what they hold when there is nothing left to hold.
    private mutating func removeIfUnused(_ node: UInt32) {
        guard nodes.entryCount(of: node) == 0 else { return }
        prefixCount -= 1
        nodes.prune(node)
        if prefixCount == 0 {
            nodes.reset()
        }
    }
}

extension SubscriptionTree {
    /// Whether anybody wants a message with this topic.
    @inlinable
    package func matches(topic: UnsafeRawBufferPointer) -> Bool {
        var found = false
        unsafe nodes.walk(topic) { _ in
            found = true
            return false
        }
        return found
    }
}

extension SubscriptionTree {
    /// As with a raw buffer.
    @discardableResult
    package mutating func add(prefix: [UInt8], subscriber: Int) -> Bool {
        unsafe prefix.withUnsafeBytes { unsafe add(prefix: $0, subscriber: subscriber) }
    }

    /// As with a raw buffer.
    @discardableResult
    package mutating func remove(prefix: [UInt8], subscriber: Int) -> Bool {
        unsafe prefix.withUnsafeBytes { unsafe remove(prefix: $0, subscriber: subscriber) }
    }

    /// As with a raw buffer.
    package func contains(prefix: [UInt8]) -> Bool {
        unsafe prefix.withUnsafeBytes { unsafe contains(prefix: $0) }
    }
}
