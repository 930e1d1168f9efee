/// One or more frames that travel together: a ZeroMQ message, single or multipart.
///
/// A message is noncopyable: it is moved, or copied on purpose with `copy()`, which shares large
/// payloads. A message without frames can be built up with `append`, but not sent.
///
/// - Thread rule: belongs to one thread or task at a time; it may be handed over freely.
/// - Budget: a single-frame message is the frame and 24 bytes, and allocates nothing of its own.
@safe
public struct Message: ~Copyable, @unchecked Sendable {
    /// The first frame; meaningless while `count` is 0.
    @usableFromInline package var head: Frame
    /// The other frames, from `start` on.
    @usableFromInline var tail: UnsafeMutablePointer<Frame>?
    @usableFromInline var start: Int32
    @usableFromInline var end: Int32
    @usableFromInline var capacity: Int32
    @usableFromInline var hasHead: Bool

    /// No frames.
    @inlinable
    public init() {
        head = Frame()
        unsafe tail = nil
        start = 0
        end = 0
        capacity = 0
        hasHead = false
    }

    /// One frame.
    @inlinable
    public init(_ frame: consuming Frame) {
        head = frame
        unsafe tail = nil
        start = 0
        end = 0
        capacity = 0
        hasHead = true
    }

    deinit {
        guard let tail = unsafe tail else { return }
        unsafe (tail + Int(start)).deinitialize(count: Int(end - start))
        unsafe tail.deallocate()
    }

    /// Number of frames.
    @inlinable public var count: Int { hasHead ? 1 + Int(end - start) : 0 }

    @inlinable public var isEmpty: Bool { !hasHead }

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
        guard hasHead else {
            head = frame
            hasHead = true
            return
        }
        if end == capacity { growTail() }
        unsafe (tail.unsafelyUnwrapped + Int(end)).initialize(to: frame)
        end += 1
    }

    @usableFromInline
    mutating func growTail() {
        let live = Int(end - start)
        let room = max(4, live * 2)
        precondition(room <= Int(Int32.max), "a message cannot have \(live) frames")
        let larger = UnsafeMutablePointer<Frame>.allocate(capacity: room)
        if let tail = unsafe tail {
            unsafe larger.moveInitialize(from: tail + Int(start), count: live)
            unsafe tail.deallocate()
        }
        unsafe tail = larger
        start = 0
        end = Int32(live)
        capacity = Int32(room)
    }

    /// Whether the first frame says that more follow; while a message is put together.
    @inlinable public var headHasMore: Bool { head.hasMore }

    /// Becomes a message of one frame, which is moved out of `place` in one piece.
    @inlinable
    @inline(__always)
    public mutating func become(frameMovedFrom place: UnsafeMutablePointer<Frame>) {
        if unsafe head.isSlice || tail != nil { self = Message() }
        // Safe because the frame is moved, and the one it overwrites owns nothing. `moveUpdate` of
        // Swift 6.3 would not run the deinit of what it overwrites.
        unsafe withUnsafeMutableBytes(of: &head) { head in
            unsafe head.baseAddress.unsafelyUnwrapped.copyMemory(
                from: place, byteCount: MemoryLayout<Frame>.size)
        }
        hasHead = true
    }

    /// Puts a frame in front.
    ///
    /// - Complexity: O(count).
    public mutating func prepend(_ frame: consuming Frame) {
        var longer = Message(frame)
        while let next = removeFirst() { longer.append(next) }
        self = longer
    }

    /// Takes the first frame off; nil when there is none.
    ///
    /// - Complexity: O(1).
    @inlinable
    public mutating func removeFirst() -> Frame? {
        guard hasHead else { return nil }
        var first = Frame()
        swap(&first, &head)
        if start < end {
            head = unsafe (tail.unsafelyUnwrapped + Int(start)).move()
            start += 1
        } else {
            hasHead = false
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
        return try unsafe body(tail.unsafelyUnwrapped[Int(start) + index - 1])
    }

    /// Frames behind the first, for the engine.
    @inlinable
    package var rest: UnsafePointer<Frame>? {
        unsafe tail.map { unsafe UnsafePointer($0 + Int(start)) }
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
