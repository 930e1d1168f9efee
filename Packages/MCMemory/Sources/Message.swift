/// One or more frames that travel together: a ZeroMQ message, single or multipart.
///
/// A message is noncopyable: it is moved, or copied on purpose with `copy()`, which shares large
/// payloads. A message without frames can be built up with `append`, but not sent.
///
/// - Thread rule: belongs to one thread or task at a time; it may be handed over freely.
/// - Budget: a single-frame message is the frame and one word, and allocates nothing of its own.
@safe
@frozen
public struct Message: ~Copyable, @unchecked Sendable {
    /// The first frame; an absent one where the message has none.
    @usableFromInline package var head: Frame
    /// The other frames.
    @usableFromInline var tail: UnsafeMutablePointer<Tail>?

    /// What stands in front of the frames behind the first, in the same block.
    @frozen
    @usableFromInline
    struct Tail {
        /// The frames from `start` on are there, those before were taken.
        @usableFromInline var start: Int32
        @usableFromInline var end: Int32
        @usableFromInline var capacity: Int32
    }

    /// No frames.
    @inlinable
    public init() {
        head = Frame(absent: ())
        unsafe tail = nil
    }

    /// One frame.
    @inlinable
    public init(_ frame: consuming Frame) {
        head = frame
        unsafe tail = nil
    }

    deinit {
        if unsafe tail != nil { unsafe Message.free(tail) }
    }

    @usableFromInline
    @inline(never)
    static func free(_ tail: UnsafeMutablePointer<Tail>?) {
        guard let tail = unsafe tail else { return }
        let (start, end) = unsafe (Int(tail.pointee.start), Int(tail.pointee.end))
        unsafe (frames(of: tail) + start).deinitialize(count: end - start)
        unsafe Block(ownPayload: UnsafeMutableRawPointer(tail)).release()
    }

    @inlinable
    static func frames(of tail: UnsafeMutablePointer<Tail>) -> UnsafeMutablePointer<Frame> {
        // Safe because `tailWithRoom` takes a block for a header of 16 bytes and the frames behind it.
        unsafe (UnsafeMutableRawPointer(tail) + 16).assumingMemoryBound(to: Frame.self)
    }

    /// Number of frames.
    @inlinable public var count: Int {
        if head.isAbsent { return 0 }
        guard let tail = unsafe tail else { return 1 }
        return unsafe 1 + Int(tail.pointee.end - tail.pointee.start)
    }

    @inlinable public var isEmpty: Bool { head.isAbsent }

    /// Whether there never was more than one frame.
    @inlinable public var isSingle: Bool { unsafe tail == nil }
    /// Whom a message that a SERVER or PEER socket has received came from, by the number that the
    /// socket has given that peer; 0 for all other messages. A copy is another message.
    public package(set) var routingID: UInt32 {
        get { head.addressMark == 1 ? head.source : 0 }
        set {
            head.source = newValue
            head.addressMark = newValue != 0 ? 1 : 0
        }
    }

    /// Payload bytes of all frames.
    public var totalBytes: Int {
        var total = 0
        for index in 0..<count { total += withFrame(index) { $0.count } }
        return total
    }
}

// MARK: - Frames

extension Message {
    /// Adds a frame at the end.
    ///
    /// - Complexity: amortised O(1).
    @inlinable
    public mutating func append(_ frame: consuming Frame) {
        if head.isAbsent {
            head = frame
            return
        }
        let tail = unsafe tailWithRoom()
        let end = unsafe Int(tail.pointee.end)
        unsafe (Message.frames(of: tail) + end).initialize(to: frame)
        unsafe tail.pointee.end += 1
    }

    @usableFromInline
    mutating func tailWithRoom() -> UnsafeMutablePointer<Tail> {
        if let tail = unsafe tail, unsafe tail.pointee.end < tail.pointee.capacity {
            return unsafe tail
        }
        let live = count - 1
        let room = max(4, live * 2)
        precondition(room <= Int(Int32.max), "a message cannot have \(live) frames")
        let larger = unsafe Block.allocate(
            capacity: 16 + room * MemoryLayout<Frame>.stride
        ).payload.bindMemory(to: Tail.self, capacity: 1)
        unsafe larger.initialize(to: Tail(start: 0, end: Int32(live), capacity: Int32(room)))
        if let tail = unsafe tail {
            unsafe Message.frames(of: larger).moveInitialize(
                from: Message.frames(of: tail) + Int(tail.pointee.start), count: live)
            unsafe Block(ownPayload: UnsafeMutableRawPointer(tail)).release()
        }
        unsafe tail = larger
        return unsafe larger
    }

    /// Whether the first frame says that more follow; while a message is put together.
    @inlinable public var headHasMore: Bool {
        get { head.hasMore }
        set { head.hasMore = newValue }
    }

    /// Becomes a message of one frame, which is moved out of `place` in one piece.
    @inlinable
    @inline(__always)
    public mutating func become(frameMovedFrom place: UnsafeMutablePointer<Frame>) {
        unsafe withHeadPlace { head in
            unsafe UnsafeMutableRawPointer(head).copyMemory(
                from: place, byteCount: MemoryLayout<Frame>.size)
        }
    }

    /// Lends the first frame, which `body` must move out of its place; the message has none then.
    ///
    /// - Precondition: there is one.
    @inlinable
    @inline(__always)
    public mutating func withTakenHead<Result>(
        _ body: (UnsafeMutablePointer<Frame>) -> Result
    ) -> Result {
        precondition(!head.isAbsent, "a message without frames")
        // Safe because the frame is moved out, and what is put in its place owns nothing.
        return unsafe withUnsafeMutablePointer(to: &head) { head in
            let result = unsafe body(head)
            unsafe head.initialize(to: Frame(absent: ()))
            return result
        }
    }

    /// Drops all frames and lends the place of the first: a frame made there is the message.
    @inlinable
    @inline(__always)
    public mutating func withHeadPlace<Result>(
        _ body: (UnsafeMutablePointer<Frame>) -> Result
    ) -> Result {
        releasePayloads()
        // Safe because what is overwritten owns nothing. `moveUpdate` of Swift 6.3 would not run the
        // deinit of what it overwrites.
        return unsafe withUnsafeMutablePointer(to: &head) { unsafe body($0) }
    }

    /// Lets go of all frames that refer to blocks; frames that are values may stay. For who is about
    /// to take a lock: the last reference to adopted memory runs its owner's code.
    @inlinable
    @inline(__always)
    public mutating func releasePayloads() {
        if unsafe head.isSlice || tail != nil { self = Message() }
    }

    /// Puts a frame in front, which then comes from where the first one came from.
    ///
    /// - Complexity: O(count).
    public mutating func prepend(_ frame: consuming Frame) {
        var frame = frame
        if !head.isAbsent { frame.source = head.source }
        var longer = Message(frame)
        while let next = removeFirst() { longer.append(next) }
        self = longer
    }

    /// Takes the first frame off; nil when there is none.
    ///
    /// - Complexity: O(1).
    @inlinable
    public mutating func removeFirst() -> Frame? {
        if head.isAbsent { return nil }
        var first = Frame(absent: ())
        swap(&first, &head)
        if let tail = unsafe tail, unsafe tail.pointee.start < tail.pointee.end {
            let start = unsafe Int(tail.pointee.start)
            unsafe head = (Message.frames(of: tail) + start).move()
            unsafe tail.pointee.start += 1
        }
        return first
    }

    /// Borrows a frame for the time of the call.
    ///
    /// - Precondition: `index` is in `0..<count`.
    @inlinable
    public borrowing func withFrame<Result: ~Copyable, Failure: Error>(
        _ index: Int, _ body: (borrowing Frame) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(index >= 0 && index < count, "frame index out of bounds")
        if index == 0 { return try body(head) }
        return try unsafe body(rest.unsafelyUnwrapped[index - 1])
    }

    /// Frames behind the first, for the engine.
    @inlinable
    package var rest: UnsafePointer<Frame>? {
        guard let tail = unsafe tail else { return nil }
        return unsafe UnsafePointer(Message.frames(of: tail) + Int(tail.pointee.start))
    }

    /// A second message with the same frames; blocks are shared, not copied.
    public borrowing func copy() -> Message {
        var other = Message()
        for index in 0..<count { other.append(withFrame(index) { $0.copy() }) }
        return other
    }
}

// MARK: - Making and reading

extension Message {
    /// One frame with the UTF-8 bytes of `text`.
    @inlinable public init(_ text: String) { self.init(Frame(text)) }

    /// One frame with a copy of `bytes`.
    @inlinable public init(_ bytes: [UInt8]) { self.init(Frame(bytes)) }

    /// One frame with a copy of `bytes`.
    @inlinable public init(_ bytes: RawSpan) { self.init(Frame(bytes)) }

    /// A frame for each element, in order.
    public init(parts: [[UInt8]]) {
        self.init()
        for part in parts { append(Frame(part)) }
    }

    /// A frame for each text, in order.
    public init(parts: [String]) {
        self.init()
        for part in parts { append(Frame(part)) }
    }

    /// A copy of the payload of frame `index`.
    public borrowing func bytes(_ index: Int = 0) -> [UInt8] { withFrame(index) { $0.array } }

    /// The payload of frame `index` as text, nil when it is not UTF-8.
    public borrowing func string(_ index: Int = 0) -> String? { withFrame(index) { $0.string } }

    /// Copies of all payloads, in order.
    public var parts: [[UInt8]] { (0..<count).map { bytes($0) } }
}
