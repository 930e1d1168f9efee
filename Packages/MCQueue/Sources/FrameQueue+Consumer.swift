public import MCMemory
public import Synchronization

/// The end that takes.
extension FrameQueue {
    /// Takes the oldest published frame, nil when there is none.
    @inlinable
    public func pop() -> Frame? {
        guard let place = unsafe front() else { return nil }
        if unsafe place.pointee.isSpread {
            var message = Message()
            unsafe message.withHeadPlace { unsafe popSpread(place, to: $0) }
            return message.removeFirst()
        }
        let frame = unsafe place.move()
        popped(ends: !frame.hasMore)
        return frame
    }

    /// Takes the oldest published frame as a message of its own.
    ///
    /// - Returns: false when there is none. When `message`'s frame says `hasMore`, the rest follows.
    @inlinable
    @inline(__always)
    public func pop(into message: inout Message) -> Bool {
        guard let place = unsafe front() else { return false }
        if unsafe place.pointee.isSpread {
            unsafe message.withHeadPlace { unsafe popSpread(place, to: $0) }
            return true
        }
        let ends = unsafe !place.pointee.hasMore
        unsafe message.become(frameMovedFrom: place)
        popped(ends: ends)
        return true
    }

    /// Takes the oldest published frame, if it is a message of its own, to memory that holds nothing that
    /// is owned.
    ///
    /// - Returns: false when there is none such; the memory is as it was.
    @inlinable
    @inline(__always)
    public func popWhole(to target: UnsafeMutablePointer<Frame>) -> Bool {
        guard let place = unsafe front(), unsafe !place.pointee.hasMore else { return false }
        if unsafe place.pointee.isSpread {
            unsafe popSpread(place, to: target)
            return true
        }
        // Safe because the frame is given up by its place.
        unsafe UnsafeMutableRawPointer(target).copyMemory(
            from: place, byteCount: MemoryLayout<Frame>.size)
        popped(ends: true)
        return true
    }

    /// Takes a frame whose payload lies behind its head. Traps when there is no memory for so few
    /// bytes, as Swift's own objects do.
    @usableFromInline
    @inline(never)
    func popSpread(
        _ place: UnsafeMutablePointer<Frame>, to target: UnsafeMutablePointer<Frame>
    ) {
        let count = unsafe place.pointee.spreadCount
        let isMade = unsafe Frame.initializeBlock(
            target, copying: UnsafeRawPointer(place + 1), count: count)
        precondition(isMade, "no memory for a frame of \(count) bytes")
        let hasMore = unsafe place.pointee.hasMore
        // Written only where it has to be: the frame is about to be read in wide pieces.
        if hasMore { unsafe target.pointee.hasMore = true }
        popped(ends: !hasMore, places: FrameQueue.places(forSpread: count))
    }

    /// How many places the frame at `place` takes up.
    static func places(at place: UnsafeMutablePointer<Frame>) -> Int {
        unsafe place.pointee.isSpread ? places(forSpread: place.pointee.spreadCount) : 1
    }

    /// A head, and as many places as the payload needs.
    static func places(forSpread count: Int) -> Int { 1 + (count &+ 63) >> 6 }

    /// The oldest published frame in its place; nil when there is none.
    @inlinable
    @inline(__always)
    func front() -> UnsafeMutablePointer<Frame>? {
        if unsafe consumer.pointee.frames == consumer.pointee.seenPublished {
            unsafe consumer.pointee.seenPublished = shared.pointee.published.load(
                ordering: .acquiring)
            if unsafe consumer.pointee.frames == consumer.pointee.seenPublished { return nil }
        }
        if unsafe consumer.pointee.segment == nil
            || consumer.pointee.index == FrameQueue.framesPerSegment
        {
            nextSegment()
        }
        return unsafe consumer.pointee.segment.unsafelyUnwrapped.frames + consumer.pointee.index
    }

    /// The frame at `front` was moved out.
    @inlinable
    @inline(__always)
    func popped(ends: Bool, places: Int = 1) {
        unsafe consumer.pointee.index &+= places
        unsafe consumer.pointee.frames &+= UInt(places)
        if ends { countMessage() }
    }

    @inlinable
    @inline(__always)
    func countMessage() {
        let messages = unsafe consumer.pointee.messages &+ 1
        unsafe consumer.pointee.messages = messages
        if unsafe messages &- consumer.pointee.creditedMessages >= consumer.pointee.creditStep
            || consumer.pointee.frames == consumer.pointee.seenPublished
        {
            unsafe consumer.pointee.creditedMessages = messages
            unsafe shared.pointee.consumedMessages.store(messages, ordering: .releasing)
        }
    }

    @usableFromInline
    @inline(never)
    func nextSegment() {
        if let spent = unsafe consumer.pointee.segment {
            unsafe consumer.pointee.segment = spent.next.pointee.map { Segment(block: $0) }
            spent.block.release()
        } else {
            unsafe consumer.pointee.segment = shared.pointee.first
        }
        unsafe consumer.pointee.index = 0
    }

    /// Whether nothing published is left.
    @inlinable
    public var isEmpty: Bool {
        if unsafe consumer.pointee.frames != consumer.pointee.seenPublished { return false }
        unsafe consumer.pointee.seenPublished = shared.pointee.published.load(ordering: .acquiring)
        return unsafe consumer.pointee.frames == consumer.pointee.seenPublished
    }

    /// Messages that the consumer took and has told the producer of.
    @inlinable
    public var creditedMessages: UInt { unsafe consumer.pointee.creditedMessages }
}
