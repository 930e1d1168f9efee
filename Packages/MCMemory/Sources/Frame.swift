public import CMCLinux

/// One frame of a message: a 64-byte value with up to 56 bytes of payload inside it, else one
/// reference to a slice of a counted block.
///
/// A frame is noncopyable: it is moved, or copied on purpose with `copy()`, which shares the block.
///
/// - Thread rule: a frame belongs to one thread or task at a time; it may be handed over freely.
/// - Budget: making, moving and dropping a small frame allocates nothing and has no atomics.
@safe
@frozen
public struct Frame: ~Copyable, @unchecked Sendable {
    /// Inline payload; or block header, address and length of the slice in the first three words.
    @usableFromInline var words: InlineArray<7, UInt64>
    @usableFromInline var kind: Kind
    @usableFromInline var inlineCount: UInt8
    /// More frames of the same message follow. Kept here while a frame is in a queue.
    public var hasMore: Bool
    // These fill the value up to 64 bytes; a tuple of both would be aligned, and make it 72.
    // No default values here: where an initialiser assigns `self` as a whole, the compiler (Swift
    // 6.3, optimised) would set the default first and then run `deinit` on the half-made frame.
    /// 1 where `source` is a number that the receiving socket has given the sender, and answers to. Any
    /// other value is nothing to us: the C interface has a mark of its own here.
    @usableFromInline var addressMark: UInt8
    /// A number for whoever the frame came from, given by the reader of its connection; 0 for nobody.
    public var source: UInt32

    @frozen @usableFromInline
    enum Kind: UInt8 {
        case inline
        case slice
        /// No frame: what stands in a message that has none.
        case absent
        /// In a queue: the payload lies in the places behind this one.
        case spread
    }

    /// Payload bytes that need no block.
    @inlinable public static var inlineCapacity: Int { 56 }

    /// An empty frame.
    @inlinable
    public init() {
        words = InlineArray(repeating: 0)
        kind = .inline
        inlineCount = 0
        hasMore = false
        addressMark = 0
        source = 0
    }

    /// No frame, for where a message would have one.
    @inlinable
    init(absent: Void) {
        self.init()
        kind = .absent
    }

    @inlinable var isAbsent: Bool { kind == .absent }

    /// For a queue of frames: makes the head of a payload of `count` bytes that lies behind it. It owns
    /// nothing, and is no frame to anybody else.
    @inlinable
    @inline(__always)
    public static func initializeSpread(
        _ place: UnsafeMutablePointer<Frame>, count: Int, hasMore: Bool
    ) {
        // Safe because these are the third and the last of a frame's eight words.
        let raw = UnsafeMutableRawPointer(place)
        unsafe raw.storeBytes(of: UInt64(count), toByteOffset: 16, as: UInt64.self)
        unsafe raw.storeBytes(
            of: lastWord(.spread, count: 0, hasMore: hasMore), toByteOffset: 56, as: UInt64.self)
    }

    /// The last word of a frame: what it is, its inline payload's length, whether more follow.
    @inlinable
    @inline(__always)
    static func lastWord(
        _ kind: Kind, count: Int, hasMore: Bool, source: UInt32 = 0
    ) -> UInt64 {
        (UInt64(kind.rawValue) | UInt64(truncatingIfNeeded: count) << 8
            | (hasMore ? 1 << 16 : 0) | UInt64(source) << 32).littleEndian
    }

    @inlinable public var isSpread: Bool { kind == .spread }

    /// Bytes behind the head of a spread payload.
    @inlinable package var spreadCount: Int { Int(words[2]) }

    deinit {
        if kind == .slice { block.release() }
    }

    /// The block of a slice.
    @inlinable var block: Block {
        // Safe because the word was stored from a header's address by `init(slice:…)`.
        unsafe Block(
            header: UnsafeMutablePointer(bitPattern: UInt(words[0])).unsafelyUnwrapped)
    }

    @inlinable var sliceAddress: UnsafeRawPointer {
        unsafe UnsafeRawPointer(bitPattern: UInt(words[1])).unsafelyUnwrapped
    }

    /// Payload length in bytes.
    @inlinable public var count: Int {
        kind == .slice ? Int(words[2]) : Int(inlineCount)
    }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// Whether the payload lies in a block of its own or of a neighbour's, not inside the value.
    @inlinable public var isSlice: Bool { kind == .slice }
}

// MARK: - Making frames

extension Frame {
    /// A frame that refers to bytes of `block`, taking over one reference to it.
    @inlinable
    package init(slice block: Block, address: UnsafeRawPointer, count: Int) {
        self.init()
        words[0] = unsafe UInt64(UInt(bitPattern: block.header))
        words[1] = UInt64(UInt(bitPattern: address))
        words[2] = UInt64(count)
        kind = .slice
    }

    /// Copies `bytes`: into the value up to 56 bytes, else into a block. Traps when there is no
    /// memory, as Swift's own arrays do.
    @inlinable
    public init(copying bytes: UnsafeRawBufferPointer) {
        guard let frame = unsafe Frame(copyingIfPossible: bytes) else {
            preconditionFailure("no memory for a frame")
        }
        self = frame
    }

    /// Copies `bytes`, as `init(copying:)`; nil when there is no memory.
    @inlinable
    public init?(copyingIfPossible bytes: UnsafeRawBufferPointer) {
        self.init()
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if bytes.count <= Frame.inlineCapacity {
            inlineCount = UInt8(truncatingIfNeeded: bytes.count)
            unsafe withUnsafeMutableBytes(of: &words) { words in
                unsafe words.baseAddress.unsafelyUnwrapped.copyMemory(
                    from: base, byteCount: bytes.count)
            }
        } else {
            guard let block = Block.allocateIfPossible(capacity: bytes.count) else { return nil }
            unsafe block.payload.copyMemory(from: base, byteCount: bytes.count)
            self = unsafe Frame(
                slice: block, address: UnsafeRawPointer(block.payload), count: bytes.count)
        }
    }

    /// Copies `count` <= 56 bytes from memory that is readable for 56: no call to memcpy.
    @inlinable
    package init(copyingSmall address: UnsafeRawPointer, count: Int, source: UInt32 = 0) {
        self.init()
        unsafe withUnsafeMutablePointer(to: &self) {
            unsafe Frame.initializeSmall($0, copying: address, count: count, source: source)
        }
    }

    /// Makes a frame in its final place, as `init(copyingSmall:count:)`: a value would be moved there,
    /// and the processor waits when it reads back in wide pieces what it has just written in small
    /// ones.
    @inlinable
    @inline(__always)
    public static func initializeSmall(
        _ place: UnsafeMutablePointer<Frame>, copying address: UnsafeRawPointer, count: Int,
        source: UInt32 = 0
    ) {
        // Safe because a frame is 64 bytes: the payload, then kind 0, the count, and zeros.
        unsafe cmc_make_frame(
            place, address, count,
            lastWord(.inline, count: count, hasMore: false, source: source))
    }

    /// As `initializeSmall(_:copying:count:)`, from memory of which only `count` bytes may be read.
    @inlinable
    @inline(__always)
    public static func initializeSmall(
        _ place: UnsafeMutablePointer<Frame>, copyingExactly address: UnsafeRawPointer?, count: Int,
        hasMore: Bool
    ) {
        let raw = UnsafeMutableRawPointer(place)
        if count > 0 { unsafe cmc_copy_exact(raw, address.unsafelyUnwrapped, count) }
        unsafe raw.storeBytes(
            of: lastWord(.inline, count: count, hasMore: hasMore), toByteOffset: 56,
            as: UInt64.self)
    }

    /// Makes a frame in its final place with a copy of `count` > 56 bytes in a block.
    ///
    /// - Returns: false when there is no memory; nothing was made then.
    @inlinable
    @inline(__always)
    public static func initializeBlock(
        _ place: UnsafeMutablePointer<Frame>, copying address: UnsafeRawPointer, count: Int,
        source: UInt32 = 0
    ) -> Bool {
        guard let block = Heap.allocate(capacity: count) else { return false }
        unsafe cmc_copy_exact(block.payload, address, count)
        unsafe initializeSlice(
            place, block: block, address: UnsafeRawPointer(block.payload), count: count,
            source: source)
        return true
    }

    /// Makes a frame in its final place that refers to bytes of `block`, taking over one reference.
    @inlinable
    @inline(__always)
    public static func initializeSlice(
        _ place: UnsafeMutablePointer<Frame>, block: Block, address: UnsafeRawPointer, count: Int,
        source: UInt32 = 0
    ) {
        // Safe because these are the eight words of a frame: block, address and length, and the
        // last with kind 1. In stores of 16 bytes, as `initializeSmall`.
        let raw = UnsafeMutableRawPointer(place)
        let first = unsafe SIMD2<UInt64>(
            UInt64(UInt(bitPattern: block.header)), UInt64(UInt(bitPattern: address)))
        let last = lastWord(.slice, count: 0, hasMore: false, source: source)
        unsafe raw.storeBytes(of: first, as: SIMD2<UInt64>.self)
        unsafe raw.storeBytes(
            of: SIMD2(UInt64(count), 0), toByteOffset: 16, as: SIMD2<UInt64>.self)
        unsafe raw.storeBytes(of: SIMD2(0, last), toByteOffset: 48, as: SIMD2<UInt64>.self)
    }

    /// Room for `count` bytes of undefined contents; nil when there is no memory, or the count is none.
    public init?(uninitialized count: Int) {
        self.init()
        guard count >= 0 else { return nil }
        if count <= Frame.inlineCapacity {
            inlineCount = UInt8(truncatingIfNeeded: count)
        } else {
            guard let block = Block.allocateIfPossible(capacity: count) else { return nil }
            self = unsafe Frame(
                slice: block, address: UnsafeRawPointer(block.payload), count: count)
        }
    }

    /// Copies `bytes`.
    @inlinable
    public init(_ bytes: RawSpan) {
        var frame = Frame()
        unsafe bytes.withUnsafeBytes { frame = unsafe Frame(copying: $0) }
        self = frame
    }

    /// Copies `bytes`.
    @inlinable
    public init(_ bytes: [UInt8]) {
        var frame = Frame()
        unsafe bytes.withUnsafeBytes { frame = unsafe Frame(copying: $0) }
        self = frame
    }

    /// Copies the UTF-8 bytes of `text`.
    @inlinable
    public init(_ text: String) {
        var text = text
        var frame = Frame()
        text.withUTF8 { frame = unsafe Frame(copying: UnsafeRawBufferPointer($0)) }
        self = frame
    }

    /// Room for `count` bytes, filled by `fill` before the frame is anybody else's.
    ///
    /// - Parameter fill: receives exactly `count` bytes of undefined contents.
    /// - Throws: what `fill` throws; nothing is kept then.
    @inlinable
    public init<Failure: Error>(
        count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count >= 0, "a frame cannot have \(count) bytes")
        let block = Block.allocate(capacity: count)
        // Owns the block from here on, so that an error gives it back.
        let frame = unsafe Frame(
            slice: block, address: UnsafeRawPointer(block.payload), count: count)
        try unsafe fill(UnsafeMutableRawBufferPointer(start: block.payload, count: count))
        self = frame
    }

    /// Refers to the caller's memory without a copy.
    ///
    /// The memory must stay valid and unchanged until `release` runs, once, on any thread, when
    /// neither this frame nor a copy of it is needed any more. `release` must not block.
    @unsafe
    public init(
        adopting memory: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void
    ) {
        let block = unsafe Block.adopting(
            UnsafeMutableRawBufferPointer(mutating: memory), release: release)
        unsafe self.init(
            slice: block, address: UnsafeRawPointer(block.payload), count: memory.count)
    }
}

// MARK: - Reading frames

extension Frame {
    /// The payload, for the time of the call.
    @inlinable
    public borrowing func withUnsafeBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if kind == .slice {
            return try unsafe body(
                UnsafeRawBufferPointer(start: sliceAddress, count: Int(words[2])))
        }
        // The inline payload is the value's first member. Not by a span of `words`, for which the
        // compiler (Swift 6.3) copies them.
        return try unsafe withUnsafePointer(to: self) { frame throws(Failure) in
            try unsafe body(
                UnsafeRawBufferPointer(
                    start: UnsafeRawPointer(frame), count: Int(frame.pointee.inlineCount)))
        }
    }

    /// The payload, as long as the frame is borrowed.
    @inlinable
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            if kind == .slice {
                let span = unsafe RawSpan(_unsafeStart: sliceAddress, byteCount: Int(words[2]))
                return unsafe _overrideLifetime(span, borrowing: self)
            }
            let span = unsafe words.span.bytes.extracting(first: Int(inlineCount))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// A copy of the payload.
    public var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

    /// The payload as text, nil when it is not UTF-8.
    public var string: String? {
        unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    }

    /// A second frame with the same payload; a block is shared, not copied.
    @inlinable
    public borrowing func copy() -> Frame {
        var other = Frame()
        if kind == .slice { block.retain() }
        other.words = words
        other.kind = kind
        other.inlineCount = inlineCount
        other.hasMore = hasMore
        other.source = source
        return other
    }

    /// A frame that shares the block and shows the bytes of `range` only.
    ///
    /// - Precondition: `range` lies within the payload.
    public borrowing func slice(_ range: Range<Int>) -> Frame {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "slice out of bounds")
        if kind != .slice {
            return unsafe withUnsafeBytes {
                unsafe Frame(copying: UnsafeRawBufferPointer(rebasing: $0[range]))
            }
        }
        block.retain()
        return unsafe Frame(
            slice: block, address: sliceAddress + range.lowerBound, count: range.count)
    }

    /// Whether both have the same bytes.
    public borrowing func contentEquals(_ other: borrowing Frame) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { a in
            unsafe other.withUnsafeBytes { b in unsafe a.elementsEqual(b) }
        }
    }
}

extension Frame {
    /// The payload of the frame that lies at `address`, without a closure. Valid while it lies
    /// there.
    @inlinable
    package func borrowedBytes(at address: UnsafePointer<Frame>) -> UnsafeRawBufferPointer {
        if kind == .slice {
            return unsafe UnsafeRawBufferPointer(start: sliceAddress, count: Int(words[2]))
        }
        // The inline payload is the value's first member.
        return unsafe UnsafeRawBufferPointer(
            start: UnsafeRawPointer(address), count: Int(inlineCount))
    }

    /// The slice's block and address, for a writer that refers to them.
    @inlinable
    package var sliceParts: (block: Block, address: UnsafeRawPointer)? {
        unsafe kind == .slice ? (block, sliceAddress) : nil
    }
}
