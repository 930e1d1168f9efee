import CMCLinux
package import MCCodec
package import MCMemory
import Glibc

/// Encoded frames that wait for their link: bytes of small frames, gathered, and references to the
/// bodies of large ones.
///
/// It keeps message boundaries: a message counts as sent when the kernel has taken its last byte,
/// and until then all of its bytes stay here, so that `unsentMessages` can give every message that
/// was not taken whole back to its socket when the link dies.
///
/// - Thread rule: appended to under the socket's lock; written from by the holder of the pipe's
///   writer role. The two never work on the same buffer (a pipe has two and swaps them).
/// - Budget: a small frame is one copy; a block of 256 KiB serves thousands of them.
@safe
package struct OutBuffer: ~Copyable {
    /// Bodies from here on are referred to and gathered by the kernel, smaller ones are copied.
    package static let gatherBytes = 8 << 10
    /// Runs from here on are referred to, shorter ones are copied.
    static let sharedBytes = 4 << 10
    static let firstBlockBytes = (4 << 10) - Heap.headerBytes
    static let largestBlockBytes = (256 << 10) - Heap.headerBytes

    /// A run of bytes to be written; holds one reference to its block.
    @safe
    struct Segment {
        var block: Block
        var address: UnsafeRawPointer
        var count: Int
        /// Messages whose last byte is in this segment.
        var messages: Int
        /// The segment's last byte ends a message or a command.
        var endsMessage: Bool
    }

    /// Closed segments. Those before `firstUnsent` are written, those before `firstKept` let go;
    /// the ones between are kept because the message that ends behind them is not written whole.
    var segments: [Segment] = []
    var firstKept = 0
    var firstUnsent = 0
    var sentOfFirst = 0

    // The segment that small frames are being added to.
    private var open: Block?
    private var openStart: UnsafeMutableRawPointer?
    private var cursor: UnsafeMutableRawPointer?
    private var room = 0
    private var openMessages = 0
    private var openEndsMessage = true

    /// Bytes appended and not written.
    package private(set) var byteCount = 0
    /// Messages appended and not written whole.
    package private(set) var messageCount = 0
    private var nextBlockBytes = OutBuffer.firstBlockBytes

    package init() {}

    deinit {
        for index in firstKept..<segments.count { segments[index].block.release() }
        open?.release()
    }

    @inline(__always) package var isEmpty: Bool { byteCount == 0 }

    /// Bytes that were copied into the block that is open, for tests.
    var copiedBytes: Int {
        guard let open, let cursor = unsafe cursor else { return 0 }
        return unsafe cursor - UnsafeMutableRawPointer(open.payload)
    }
}

// MARK: - Appending

extension OutBuffer {
    /// Adds a frame and copies its body.
    @inline(__always)
    package mutating func append(
        copying body: UnsafeRawPointer?, count: Int, flags: FrameFlags
    ) {
        let total = count &+ FrameHeader.maximumLength
        if room < total { openBlock(for: total) }
        let cursor = unsafe self.cursor.unsafelyUnwrapped
        let header = unsafe FrameHeader(flags: flags, bodyLength: UInt64(count)).encode(
            into: cursor)
        if count > 0 { unsafe cmc_copy_exact(cursor + header, body.unsafelyUnwrapped, count) }
        let used = header &+ count
        unsafe self.cursor = cursor + used
        room &-= used
        byteCount &+= used
        endFrame(flags)
    }

    @inline(__always)
    private mutating func endFrame(_ flags: FrameFlags) {
        let ends = !flags.contains(.more)
        openEndsMessage = ends
        if ends {
            openMessages &+= 1
            messageCount &+= 1
        }
    }

    /// Adds bytes that are copied as they are: a command, or a subscription in the form of a message,
    /// which are none of the user's messages; or what goes to a peer that speaks no ZMTP.
    package mutating func append(encoded frame: UnsafeRawBufferPointer, messages: Int = 0) {
        guard let base = frame.baseAddress else { return }
        if room < frame.count { openBlock(for: frame.count) }
        let cursor = unsafe self.cursor.unsafelyUnwrapped
        unsafe cursor.copyMemory(from: base, byteCount: frame.count)
        unsafe self.cursor = cursor + frame.count
        room -= frame.count
        byteCount += frame.count
        openMessages += messages
        messageCount += messages
        openEndsMessage = true
    }

    /// Adds a frame whose body stays where it is: `block` gets one more reference.
    package mutating func append(
        referring block: Block, address: UnsafeRawPointer, count: Int, flags: FrameFlags
    ) {
        if room < FrameHeader.maximumLength { openBlock(for: FrameHeader.maximumLength) }
        let cursor = unsafe self.cursor.unsafelyUnwrapped
        let header = unsafe FrameHeader(flags: flags, bodyLength: UInt64(count)).encode(
            into: cursor)
        unsafe self.cursor = cursor + header
        room -= header
        openEndsMessage = false
        closeSegment()
        block.retain()
        let ends = !flags.contains(.more)
        unsafe segments.append(
            Segment(
                block: block, address: address, count: count, messages: ends ? 1 : 0,
                endsMessage: ends))
        byteCount += header + count
        if ends { messageCount += 1 }
        openEndsMessage = ends
    }

    /// Adds whole encoded messages that other buffers get, too: a long run gets one more reference
    /// to its block, a short one is copied, so that it keeps no large block for few bytes.
    mutating func append(
        run block: Block, address: UnsafeRawPointer, count: Int, messages: Int
    ) {
        if count < OutBuffer.sharedBytes {
            if room < count { openBlock(for: count) }
            let cursor = unsafe self.cursor.unsafelyUnwrapped
            unsafe cursor.copyMemory(from: address, byteCount: count)
            unsafe self.cursor = cursor + count
            room -= count
            openMessages += messages
        } else {
            closeSegment()
            block.retain()
            unsafe segments.append(
                Segment(
                    block: block, address: address, count: count, messages: messages,
                    endsMessage: true))
        }
        byteCount += count
        messageCount += messages
        openEndsMessage = true
    }

    @inline(never)
    private mutating func openBlock(for bytes: Int) {
        closeSegment()
        open?.release()
        let block = Block.allocate(capacity: max(bytes, nextBlockBytes))
        nextBlockBytes = min(OutBuffer.largestBlockBytes, nextBlockBytes * 8)
        open = block
        unsafe openStart = block.payload
        unsafe cursor = block.payload
        room = block.capacity
    }

    /// Makes what was added to the open block a segment; the rest of the block stays open.
    private mutating func closeSegment() {
        guard let open, let start = unsafe openStart, let cursor = unsafe cursor,
            unsafe cursor > start
        else { return }
        open.retain()
        unsafe segments.append(
            Segment(
                block: open, address: UnsafeRawPointer(start), count: cursor - start,
                messages: openMessages, endsMessage: openEndsMessage))
        unsafe openStart = cursor
        openMessages = 0
    }
}

// MARK: - Writing

extension OutBuffer {
    /// Ends appending: what follows goes to the other buffer.
    package mutating func seal() {
        closeSegment()
        open?.release()
        open = nil
        unsafe openStart = nil
        unsafe cursor = nil
        room = 0
        nextBlockBytes = OutBuffer.firstBlockBytes
    }

    /// Fills `vectors` with what is to be written next, at most so many bytes.
    ///
    /// - Returns: how many vectors were filled.
    func vectors(
        _ vectors: UnsafeMutablePointer<iovec>, capacity: Int, mostBytes: Int
    ) -> Int {
        var filled = 0
        var index = firstUnsent
        var skip = sentOfFirst
        var left = mostBytes
        while filled < capacity && index < segments.count && left > 0 {
            let segment = segments[index]
            let count = min(segment.count - skip, left)
            unsafe vectors[filled] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: segment.address + skip),
                iov_len: count)
            left -= count
            filled += 1
            index += 1
            skip = 0
        }
        return filled
    }

    /// Counts `bytes` as written.
    ///
    /// - Returns: the number of messages that are with the kernel whole now, credited by segment.
    package mutating func didWrite(_ bytes: Int) -> Int {
        var left = bytes
        var messages = 0
        byteCount -= bytes
        while left > 0 {
            let segment = segments[firstUnsent]
            let unsent = segment.count - sentOfFirst
            guard left >= unsent else {
                sentOfFirst += left
                break
            }
            left -= unsent
            sentOfFirst = 0
            firstUnsent += 1
            messages += segment.messages
            if segment.endsMessage { dropWritten() }
        }
        messageCount -= messages
        return messages
    }

    /// Lets the segments go whose messages are all written.
    private mutating func dropWritten() {
        for index in firstKept..<firstUnsent { segments[index].block.release() }
        firstKept = firstUnsent
        if firstUnsent == segments.count {
            segments.removeAll(keepingCapacity: segments.capacity <= 64)
            firstKept = 0
            firstUnsent = 0
        }
    }
}
