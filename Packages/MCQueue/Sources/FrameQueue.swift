public import CMCLinux
public import MCMemory
public import Synchronization

/// The queue of frames between one producer and one consumer, without a lock.
///
/// Frames are pushed unseen and published in whole messages, so that a multipart message appears
/// whole or not at all; `rollback` drops the frames of an unfinished one. The memory is a chain of blocks
/// of 61 frames that grows with what is queued and holds nothing until the first push. Depth is
/// counted in messages, for the high-water mark.
///
/// - Thread rule: `push`, `publish`, `rollback`, `depth` and `hasRoom` belong to the producer,
///   `pop`, `isEmpty` to the consumer; each role is one thread at a time. Both may run at once.
/// - Budget per frame: two copies of 64 bytes; no locked instruction; a block per 61 frames.
/// - Ownership: the handle is a plain pointer; its owner calls `destroy` when both roles are over.
@safe
@frozen
public struct FrameQueue: @unchecked Sendable {
    @inlinable public static var framesPerSegment: Int { 61 }
    /// How many places ahead of the producer.
    @inlinable static var prefetched: Int { 8 }
    /// The longest payload that is copied through the queue.
    static let spreadBytes = 8 * MemoryLayout<Frame>.size

    @frozen
    @usableFromInline
    struct Segment {
        @usableFromInline let block: Block
        /// A cache line each: the producer writes one while the consumer reads the one before.
        @inlinable var frames: UnsafeMutablePointer<Frame> {
            let address = unsafe UInt(bitPattern: block.payload + 8 + 63) & ~63
            return unsafe UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped
        }
        @inlinable var next: UnsafeMutablePointer<Block?> {
            unsafe block.payload.assumingMemoryBound(to: Block?.self)
        }
        static func allocate() -> Segment {
            // Fits the 4 KiB size class: a link, and frames of 64 bytes behind the next line's begin.
            let block = Block.allocate(
                capacity: 8 + 63 + framesPerSegment * MemoryLayout<Frame>.stride)
            unsafe block.payload.bindMemory(to: Block?.self, capacity: 1).initialize(to: nil)
            let segment = Segment(block: block)
            unsafe UnsafeMutableRawPointer(segment.frames).bindMemory(
                to: Frame.self, capacity: framesPerSegment)
            return segment
        }
    }

    @frozen
    @usableFromInline
    struct Producer: ~Copyable {
        @usableFromInline var segment: Segment?
        @usableFromInline var index = 0
        @usableFromInline var frames: UInt = 0
        // Where the frames of an unfinished message begin.
        @usableFromInline var committedSegment: Segment?
        @usableFromInline var committedIndex = 0
        @usableFromInline var committedFrames: UInt = 0
        @usableFromInline var messages: UInt = 0
        @usableFromInline var seenConsumed: UInt = 0
        /// What `hasRoom` was asked for last; bytes are counted while it is not 0.
        @usableFromInline var byteMark = 0
        @usableFromInline var ledger = ByteLedger(after: 0)
    }

    @frozen
    @usableFromInline
    struct Consumer: ~Copyable {
        @usableFromInline var segment: Segment?
        @usableFromInline var index = 0
        @usableFromInline var frames: UInt = 0
        @usableFromInline var seenPublished: UInt = 0
        @usableFromInline var messages: UInt = 0
        @usableFromInline var creditedMessages: UInt = 0
        @usableFromInline var creditStep: UInt = 1
    }

    @frozen
    @usableFromInline
    struct Shared: ~Copyable {
        /// The first segment, for the consumer's first pop.
        @usableFromInline var first: Segment?
        @usableFromInline let published = Atomic<UInt>(0)
        @usableFromInline let consumedMessages = Atomic<UInt>(0)
    }

    // Each on cache lines of its own.
    @usableFromInline let producer: UnsafeMutablePointer<Producer>
    @usableFromInline let consumer: UnsafeMutablePointer<Consumer>
    @usableFromInline let shared: UnsafeMutablePointer<Shared>

    /// - Parameter creditStep: how many messages the consumer takes before it tells the producer.
    public static func create(creditStep: Int) -> FrameQueue {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 3 * 128, alignment: 128)
        let queue = unsafe FrameQueue(
            producer: raw.bindMemory(to: Producer.self, capacity: 1),
            consumer: (raw + 128).bindMemory(to: Consumer.self, capacity: 1),
            shared: (raw + 256).bindMemory(to: Shared.self, capacity: 1))
        unsafe queue.producer.initialize(to: Producer())
        unsafe queue.consumer.initialize(to: Consumer())
        unsafe queue.consumer.pointee.creditStep = UInt(max(1, creditStep))
        unsafe queue.shared.initialize(to: Shared())
        return queue
    }

    /// Drops all frames and the memory. Both roles must be over.
    public func destroy() {
        rollback()
        publish()
        while pop() != nil {}
        // A segment may be there for a frame that has not come.
        var segment = unsafe consumer.pointee.segment ?? shared.pointee.first
        while let spent = segment {
            segment = unsafe spent.next.pointee.map { Segment(block: $0) }
            spent.block.release()
        }
        unsafe producer.deinitialize(count: 1)
        unsafe consumer.deinitialize(count: 1)
        unsafe shared.deinitialize(count: 1)
        unsafe UnsafeMutableRawPointer(producer).deallocate()
    }
}

// MARK: - Producer

extension FrameQueue {
    /// Adds a frame that the consumer does not see before its message is whole and `publish` is
    /// called. `frame.hasMore` says whether another of the same message follows.
    @inlinable
    public func push(_ frame: consuming Frame) {
        let ends = !frame.hasMore
        unsafe place().initialize(to: frame)
        placed(ends: ends)
    }

    /// Where the next frame goes, to be made there; `placed` counts it.
    @inlinable
    @inline(__always)
    public func place() -> UnsafeMutablePointer<Frame> {
        if unsafe producer.pointee.segment == nil
            || producer.pointee.index == FrameQueue.framesPerSegment
        {
            addSegment()
        }
        let frames = unsafe producer.pointee.segment.unsafelyUnwrapped.frames
        let index = unsafe producer.pointee.index
        unsafe cmc_prefetch_to_write(frames + (index &+ FrameQueue.prefetched))
        return unsafe frames + index
    }

    /// A frame was made at `place()`. `ends` says whether it is the last of its message.
    @inlinable
    @inline(__always)
    public func placed(ends: Bool, places: Int = 1) {
        if unsafe producer.pointee.byteMark != 0 { countBytes(ends: ends, places: places) }
        let index = unsafe producer.pointee.index &+ places
        unsafe producer.pointee.index = index
        unsafe producer.pointee.frames &+= UInt(places)
        if ends {
            unsafe producer.pointee.messages &+= 1
            unsafe producer.pointee.committedSegment = producer.pointee.segment
            unsafe producer.pointee.committedIndex = index
            unsafe producer.pointee.committedFrames = producer.pointee.frames
        }
    }

    /// Adds a frame with a copy of `count` bytes. Up to `spreadBytes` they go into the queue itself,
    /// and the consumer makes the block, which is its own then: a block that travels costs both
    /// threads more than the copy.
    ///
    /// - Returns: false when there is no memory.
    @inlinable
    @inline(__always)
    public func push(copying address: UnsafeRawPointer?, count: Int, hasMore: Bool) -> Bool {
        guard count <= Frame.inlineCapacity else {
            return unsafe pushLonger(address, count: count, hasMore: hasMore)
        }
        unsafe Frame.initializeSmall(
            place(), copyingExactly: address, count: count, hasMore: hasMore)
        placed(ends: !hasMore)
        return true
    }

    @usableFromInline
    @inline(never)
    func pushLonger(_ address: UnsafeRawPointer?, count: Int, hasMore: Bool) -> Bool {
        let place = unsafe place()
        let places = FrameQueue.places(forSpread: count)
        if count <= FrameQueue.spreadBytes,
            unsafe producer.pointee.index + places <= FrameQueue.framesPerSegment
        {
            unsafe Frame.initializeSpread(place, count: count, hasMore: hasMore)
            unsafe cmc_copy_exact(place + 1, address.unsafelyUnwrapped, count)
            placed(ends: !hasMore, places: places)
            return true
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: address, count: count)
        guard var frame = unsafe Frame(copyingIfPossible: bytes) else { return false }
        frame.hasMore = hasMore
        push(frame)
        return true
    }

    /// Counts the frame that was made at `place()`: what it takes up here, and behind a reference.
    @usableFromInline
    @inline(never)
    func countBytes(ends: Bool, places: Int) {
        guard let frames = unsafe producer.pointee.segment?.frames else { return }
        let frame = unsafe frames + producer.pointee.index
        let behind = unsafe frame.pointee.isSlice ? frame.pointee.count : 0
        unsafe producer.pointee.ledger.add(
            places * MemoryLayout<Frame>.stride + behind, ends: ends)
    }

    @usableFromInline
    @inline(never)
    func addSegment() {
        let fresh = Segment.allocate()
        if let full = unsafe producer.pointee.segment {
            unsafe full.next.pointee = fresh.block
        } else {
            unsafe shared.pointee.first = fresh
            unsafe producer.pointee.committedSegment = fresh
        }
        unsafe producer.pointee.segment = fresh
        unsafe producer.pointee.index = 0
    }

    /// Shows the consumer every whole message pushed so far.
    @inlinable
    public func publish() {
        unsafe shared.pointee.published.store(
            producer.pointee.committedFrames, ordering: .releasing)
    }

    /// Drops the frames of a message that will not be finished.
    public func rollback() {
        guard hasUnfinished, var segment = unsafe producer.pointee.committedSegment else { return }
        var index = unsafe producer.pointee.committedIndex
        var extra: [Segment] = []
        var left = unsafe producer.pointee.frames &- producer.pointee.committedFrames
        while left > 0 {
            if index == FrameQueue.framesPerSegment {
                guard let next = unsafe segment.next.pointee else { break }
                segment = Segment(block: next)
                extra.append(segment)
                index = 0
            }
            let places = unsafe FrameQueue.places(at: segment.frames + index)
            unsafe (segment.frames + index).deinitialize(count: 1)
            index &+= places
            left &-= UInt(places)
        }
        // Segments added for the dropped frames go; the consumer has never seen them.
        if !extra.isEmpty { unsafe producer.pointee.committedSegment?.next.pointee = nil }
        for segment in extra { segment.block.release() }
        unsafe producer.pointee.segment = producer.pointee.committedSegment
        unsafe producer.pointee.index = producer.pointee.committedIndex
        unsafe producer.pointee.frames = producer.pointee.committedFrames
        unsafe producer.pointee.ledger.rollback()
    }

    /// Messages pushed and not yet taken, as far as the consumer has told.
    @inlinable
    public var depth: Int {
        unsafe producer.pointee.seenConsumed = shared.pointee.consumedMessages.load(
            ordering: .acquiring)
        return unsafe Int(producer.pointee.messages &- producer.pointee.seenConsumed)
    }

    /// Whether one more message stays within `limit` (0 means no limit). Looks at what the consumer
    /// has told only when what is known already does not suffice.
    @inlinable
    public func hasRoom(limit: Int) -> Bool {
        if limit == 0 { return true }
        if unsafe Int(producer.pointee.messages &- producer.pointee.seenConsumed) < limit {
            return true
        }
        return depth < limit
    }

    /// Whether one more message stays within `limit`, and the bytes that wait are fewer than `byteMark`
    /// (0 means no limit, for either). A frame counts as 64 bytes, and its payload where it does not fit
    /// into them. Bytes are counted from the first time on that a mark is asked for.
    @inlinable
    public func hasRoom(limit: Int, byteMark: Int) -> Bool {
        if unsafe byteMark != producer.pointee.byteMark || byteMark != 0 {
            guard hasRoom(for: byteMark) else { return false }
        }
        return hasRoom(limit: limit)
    }

    @usableFromInline
    @inline(never)
    func hasRoom(for byteMark: Int) -> Bool {
        if unsafe (byteMark != 0) != (producer.pointee.byteMark != 0) {
            unsafe producer.pointee.ledger = ByteLedger(after: producer.pointee.messages)
        }
        unsafe producer.pointee.byteMark = byteMark
        return byteMark == 0 || waitingBytes < byteMark
    }

    /// Bytes that wait, as far as they are counted and the consumer has told.
    public var waitingBytes: Int {
        unsafe producer.pointee.ledger.waiting(
            taken: shared.pointee.consumedMessages.load(ordering: .acquiring))
    }

    /// Whether frames of an unfinished message are waiting for the rest of it.
    @inlinable
    public var hasUnfinished: Bool {
        unsafe producer.pointee.frames != producer.pointee.committedFrames
    }
}
