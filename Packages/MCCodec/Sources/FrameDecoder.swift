public import MCMemory

/// Turns the bytes of a connection's traffic phase into frames, incrementally: any split of the
/// input gives the same frames.
///
/// The caller reads into `prepareRead()`'s room, says `didRead`, and takes frames with `next()`
/// until nil. Where bytes go is chosen so that they are copied as little as possible:
/// - up to 56 bytes: into the frame's value;
/// - a small part of the chunk: into a block of its own, so that a kept message does not pin a
///   chunk many times its size;
/// - a large part of the chunk: a slice of it, counted without an atomic per slice;
/// - 64 KiB and more: the rest of the body is read straight into the frame's final block.
///
/// What is allocated is bounded by what has arrived, never by what a header claims: a large body
/// starts with at most 4 MiB of untouched memory and grows as it fills.
///
/// - Thread rule: one thread at a time (the connection's reader).
/// - Budget per small frame: no allocation, no atomic.
@frozen
public struct FrameDecoder: ~Copyable {
    /// What the peer may send.
    public struct Limits: Sendable {
        /// Largest body of one frame; nil for no limit (MAXMSGSIZE).
        public var frameBytes: UInt64?
        /// Most frames of one message. Not an option of libzmq's: it bounds what an endless
        /// multipart message of empty frames can make us keep.
        public var framesPerMessage = 65_536
        /// Largest body of a command.
        public var commandBytes: UInt64 = 1 << 20

        /// The most that is read at once, unless one body is larger.
        public var readBytes = FrameDecoder.largestChunk

        public init(frameBytes: UInt64? = nil, readBytes: Int? = nil) {
            self.frameBytes = frameBytes
            if let readBytes {
                self.readBytes = min(
                    max(FrameDecoder.smallestChunk, readBytes), FrameDecoder.largestChunk)
            }
        }
    }

    @frozen
    public enum Next: ~Copyable {
        case needMore
        /// A frame of a message; its `hasMore` is set from the wire.
        case frame(Frame)
        /// The body of a command frame.
        case command(Frame)
    }

    /// Bodies from here on are read straight into their block.
    @usableFromInline static let directBytes = 64 << 10
    /// Untouched memory that a header's claim may reserve.
    static let largestReservation = 4 << 20
    @usableFromInline static let smallestChunk = 8 << 10
    public static let largestChunk = (256 << 10) - Heap.headerBytes
    /// Frames are copied out of the chunk's last bytes in fixed-size moves: room for one.
    @usableFromInline static let slack = 64
    /// A tail of this size or less moves to a small block when a turn ends.
    static let movedTail = 16 << 10
    /// A body is copied out of a chunk that is so many times its size.
    @inlinable static var slicingRatio: Int { 32 }
    /// References put on a chunk in advance, so that handing out a slice costs no atomic.
    static let charge = 1 << 20

    /// What frames say of where they came from.
    public var source: UInt32 = 0

    @usableFromInline let limits: Limits
    /// The longest body with the short header that the limits allow.
    @usableFromInline let shortBytes: Int

    // The chunk: bytes begin..<end are read and not decoded.
    @usableFromInline var chunk: Block?
    @usableFromInline var begin = 0
    @usableFromInline var end = 0
    @usableFromInline var slices = 0
    /// Size of the next chunk: grows while reads fill it.
    @usableFromInline var chunkBytes = FrameDecoder.smallestChunk
    /// Limit of the next read; small behind a large body, which is probably followed by another.
    @usableFromInline var readLimit = Int.max

    // A large body that is being read into its block.
    @usableFromInline var large: Block?
    @usableFromInline var largeFilled = 0
    @usableFromInline var largeBytes = 0
    @usableFromInline var largeFlags = FrameFlags()

    @usableFromInline var framesInMessage = 0

    public init(limits: Limits) {
        self.limits = limits
        shortBytes = Int(min(limits.frameBytes ?? .max, UInt64(FrameHeader.longestShortBody)))
    }

    deinit {
        if let chunk { chunk.release(FrameDecoder.charge - slices) }
        large?.release()
    }

    /// Whether bytes are held that belong to no finished frame.
    public var isMidFrame: Bool { large != nil || begin != end }

    /// Whether a body is being read straight into its block.
    public var isReadingLarge: Bool { large != nil }

    /// Whether undecoded bytes are at hand, complete frames perhaps.
    @inlinable public var hasBuffered: Bool { begin != end }

    /// Memory that the decoder holds for its connection.
    public var heldBytes: Int { (chunk?.capacity ?? 0) + (large?.capacity ?? 0) }
}

// MARK: - Decoding

extension FrameDecoder {
    /// The next frame of what has been read.
    ///
    /// - Throws: when the peer breaks RFC 37's framing or a limit; the connection must end then.
    @inlinable
    public mutating func next() throws(CodecError) -> Next {
        guard begin < end, let chunk else {
            return large == nil ? .needMore : try nextLarge()
        }
        let start = unsafe UnsafeRawPointer(chunk.payload) + begin
        switch unsafe FrameHeader.decode(start, available: end &- begin) {
        case .needMore:
            return .needMore
        case .invalid(let code):
            throw CodecError(code)
        case .header(let header, let headerLength):
            if header.bodyLength > 56 || header.flags.contains(.command) {
                return try nextLonger(header, headerLength)
            }
            let count = Int(truncatingIfNeeded: header.bodyLength)
            guard end &- begin >= headerLength &+ count else {
                try check(header)
                return .needMore
            }
            try countFrame(header)
            begin &+= headerLength &+ count
            var frame = unsafe Frame(
                copyingSmall: start + headerLength, count: count, source: source)
            frame.hasMore = header.flags.contains(.more)
            return .frame(frame)
        }
    }

    /// What `nextWhole` found.
    @frozen
    public enum Whole {
        /// The frame was made.
        case made
        /// What has been read ends before the next frame does.
        case needMore
        /// A frame of several, a command, one that is read straight into its block, or an error:
        /// `next` tells.
        case other
    }

    /// Makes the next frame at `place` when it is what most are: all there, and a message of its own.
    ///
    /// - Parameter place: holds nothing that is owned; as it was unless the frame was made.
    @inlinable
    @inline(__always)
    public mutating func nextWhole(into place: UnsafeMutablePointer<Frame>) -> Whole {
        let available = end &- begin
        guard available >= 2, framesInMessage == 0, let chunk else {
            return unsafe nextWholeSlowly(into: place)
        }
        let start = unsafe UnsafeRawPointer(chunk.payload) + begin
        let word = unsafe start.loadUnaligned(as: UInt16.self)
        // The flags are 0 and the length fits the frame's value.
        let count = Int(UInt16(littleEndian: word) >> 8)
        guard UInt16(littleEndian: word) & 0xFF == 0, count <= shortBytes,
            available >= 2 &+ count
        else { return unsafe nextWholeSlowly(into: place) }
        if count <= Frame.inlineCapacity {
            unsafe Frame.initializeSmall(
                place, copying: start + 2, count: count, source: source)
        } else if unsafe chunk.capacity < FrameDecoder.slicingRatio &* FrameHeader.longestShortBody
            || !Frame.initializeBlock(
                place, copying: start + 2, count: count, source: source)
        {
            return unsafe nextWholeSlowly(into: place)
        }
        begin &+= 2 &+ count
        return .made
    }

    @usableFromInline
    @inline(never)
    mutating func nextWholeSlowly(into place: UnsafeMutablePointer<Frame>) -> Whole {
        let (found, header, body) = unsafe lookForWhole()
        guard found == .made, let chunk, let body = unsafe body else { return found }
        guard unsafe makeFrame(at: place, of: chunk, body, count: Int(header.bodyLength)) else {
            return .other
        }
        begin = unsafe body + Int(header.bodyLength) - UnsafeRawPointer(chunk.payload)
        return .made
    }

    /// Whether `nextWhole` would make a frame; makes none.
    public func hasWhole() -> Whole { unsafe lookForWhole().0 }

    private func lookForWhole() -> (Whole, FrameHeader, UnsafeRawPointer?) {
        let none = FrameHeader(flags: [], bodyLength: 0)
        guard framesInMessage == 0, large == nil else { return (.other, none, nil) }
        guard begin < end, let chunk else { return (.needMore, none, nil) }
        let start = unsafe UnsafeRawPointer(chunk.payload) + begin
        switch unsafe FrameHeader.decode(start, available: end - begin) {
        case .needMore:
            return (.needMore, none, nil)
        case .invalid:
            return (.other, none, nil)
        case .header(let header, let headerLength):
            guard header.flags.isDisjoint(with: [.more, .command]),
                header.bodyLength <= limits.frameBytes ?? .max
            else { return (.other, header, nil) }
            guard header.bodyLength <= UInt64(end - begin - headerLength) else {
                let isDirect = header.bodyLength >= UInt64(FrameDecoder.directBytes)
                return (isDirect ? .other : .needMore, header, nil)
            }
            return unsafe (.made, header, start + headerLength)
        }
    }

    /// Makes a frame of a body that is there: by a copy, or as a slice of the chunk.
    ///
    /// - Returns: false when there is no memory.
    mutating func makeFrame(
        at place: UnsafeMutablePointer<Frame>, of chunk: Block, _ body: UnsafeRawPointer, count: Int
    ) -> Bool {
        if count <= Frame.inlineCapacity {
            unsafe Frame.initializeSmall(
                place, copying: body, count: count, source: source)
        } else if count * FrameDecoder.slicingRatio < chunk.capacity
            || slices == FrameDecoder.charge - 1
        {
            return unsafe Frame.initializeBlock(
                place, copying: body, count: count, source: source)
        } else {
            slices += 1
            unsafe Frame.initializeSlice(
                place, block: chunk, address: body, count: count, source: source)
        }
        return true
    }

    @usableFromInline
    @inline(never)
    mutating func nextLonger(
        _ header: FrameHeader, _ headerLength: Int
    ) throws(CodecError) -> Next {
        try check(header)
        guard let chunk else { return .needMore }
        let count = Int(truncatingIfNeeded: header.bodyLength)
        let available = end - begin - headerLength
        guard available >= count else {
            if count >= FrameDecoder.directBytes {
                try countFrame(header)
                try startLarge(
                    header, count: count, headerLength: headerLength, available: available)
            }
            return .needMore
        }
        try countFrame(header)
        let address = unsafe UnsafeRawPointer(chunk.payload) + begin + headerLength
        begin += headerLength + count
        var frame = Frame()
        guard
            unsafe withUnsafeMutablePointer(
                to: &frame, { unsafe makeFrame(at: $0, of: chunk, address, count: count) })
        else { throw CodecError(.outOfMemory) }
        return finish(&frame, header.flags)
    }

    func finish(_ frame: inout Frame, _ flags: FrameFlags) -> Next {
        var taken = Frame()
        swap(&taken, &frame)
        taken.hasMore = flags.contains(.more)
        return flags.contains(.command) ? .command(taken) : .frame(taken)
    }

    /// Refuses a body that no limit allows, as soon as its header is there.
    @usableFromInline
    func check(_ header: FrameHeader) throws(CodecError) {
        let limit =
            header.flags.contains(.command) ? limits.commandBytes : limits.frameBytes ?? .max
        guard header.bodyLength <= limit, header.bodyLength <= UInt64(Int.max >> 1) else {
            throw CodecError(
                .messageTooLarge,
                "a frame of \(header.bodyLength) bytes, and at most \(limit) are accepted")
        }
    }

    @inlinable
    mutating func countFrame(_ header: FrameHeader) throws(CodecError) {
        if header.flags.contains(.command) { return }
        if let limit = limits.frameBytes, header.bodyLength > limit { try check(header) }
        framesInMessage &+= 1
        if framesInMessage > limits.framesPerMessage {
            throw tooManyFrames()
        }
        if !header.flags.contains(.more) { framesInMessage = 0 }
    }

    @usableFromInline
    func tooManyFrames() -> CodecError {
        CodecError(
            .tooManyFrames,
            "a message of more than \(limits.framesPerMessage) frames is not accepted")
    }
}
