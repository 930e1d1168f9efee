/// The flags octet of a ZMTP frame (RFC 37, "Framing"). Bits 7 to 3 are reserved and zero.
@frozen public struct FrameFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// More frames of the same message follow.
    @inlinable public static var more: Self { Self(rawValue: 1) }
    /// The length field has eight octets instead of one. The encoder sets it by itself.
    @inlinable public static var long: Self { Self(rawValue: 2) }
    /// The frame is a command, not a part of a message.
    @inlinable public static var command: Self { Self(rawValue: 4) }
}

/// What stands in front of a frame's body: two octets for up to 255 bytes, else nine.
///
/// Budget: no allocation, no loop, no call; it inlines into the caller's loop over frames.
@frozen public struct FrameHeader: Hashable, Sendable {
    /// As they stood on the wire. `long` says how the length was written, not how long it is:
    /// a peer may write a short length in the long form.
    public var flags: FrameFlags
    /// The body's length in bytes.
    public var bodyLength: UInt64

    /// The most bytes that a header can have.
    @inlinable public static var maximumLength: Int { 9 }
    /// The longest body with the two-octet header, in bytes.
    @inlinable public static var longestShortBody: Int { 255 }

    /// A header for a body of `bodyLength` bytes.
    @inlinable public init(flags: FrameFlags = [], bodyLength: UInt64) {
        self.flags = flags
        self.bodyLength = bodyLength
    }

    /// The number of bytes that `encode(into:)` writes: 2 or 9.
    @inlinable public var headerLength: Int {
        bodyLength <= UInt64(Self.longestShortBody) ? 2 : 9
    }

    /// The number of header bytes in front of a body of `bodyLength` bytes: 2 or 9.
    @inlinable public static func headerLength(forBody bodyLength: Int) -> Int {
        bodyLength <= longestShortBody ? 2 : 9
    }
}

extension FrameHeader {
    /// What the first bytes of a frame say.
    @frozen public enum Decoded: Hashable, Sendable {
        /// Fewer bytes than the header has; nothing is wrong so far.
        case needMore
        /// A header of `headerLength` bytes; its body follows.
        case header(FrameHeader, headerLength: Int)
        /// No frame: `reservedFlagBits`, `commandWithMore` or `frameTooLong`. The peer is
        /// broken or hostile, and the connection cannot go on.
        case invalid(CodecError.Code)
    }

    /// Reads the header at `bytes`, of which `available` may be read. Reads no byte beyond
    /// the header, allocates nothing, and reports bad flags as soon as the first byte is there.
    @inlinable @inline(__always)
    public static func decode(_ bytes: UnsafeRawPointer, available: Int) -> Decoded {
        guard available >= 1 else { return .needMore }
        // Safe because every load below lies within `available`, and the wide one is unaligned.
        let first = unsafe bytes.load(as: UInt8.self)
        if first & 0b0000_0010 == 0 {
            // Short form: 0, 1 and 4 are legal; 5 is a command with more.
            guard first <= 4 else { return .invalid(fault(in: first)) }
            guard available >= 2 else { return .needMore }
            let length = unsafe bytes.load(fromByteOffset: 1, as: UInt8.self)
            return .header(
                FrameHeader(flags: FrameFlags(rawValue: first), bodyLength: UInt64(length)),
                headerLength: 2)
        }
        // Long form: 2, 3 and 6 are legal; 7 is a command with more.
        guard first <= 6 else { return .invalid(fault(in: first)) }
        guard available >= 9 else { return .needMore }
        let length = unsafe UInt64(
            bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        // RFC 37: a frame's length is 0 to 2^63 - 1, so that it fits a signed integer.
        guard length >> 63 == 0 else { return .invalid(.frameTooLong) }
        return .header(
            FrameHeader(flags: FrameFlags(rawValue: first), bodyLength: length), headerLength: 9)
    }

    /// Why a flags octet that `decode` does not accept is refused.
    @inlinable
    static func fault(in flags: UInt8) -> CodecError.Code {
        flags & 0b1111_1000 != 0 ? .reservedFlagBits : .commandWithMore
    }

    /// Writes the header and returns its length, 2 or 9. `bytes` must have room for
    /// `headerLength` bytes. The `long` bit is set from the length, whatever `flags` says.
    @inlinable @inline(__always)
    @discardableResult
    public func encode(into bytes: UnsafeMutableRawPointer) -> Int {
        assert(bodyLength >> 63 == 0, "a frame is at most 2^63 - 1 bytes")
        // Safe because the caller gives `headerLength` bytes, and the wide stores are unaligned.
        if bodyLength <= UInt64(Self.longestShortBody) {
            let word = UInt16(flags.rawValue & ~2) | UInt16(truncatingIfNeeded: bodyLength) << 8
            unsafe bytes.storeBytes(of: word.littleEndian, as: UInt16.self)
            return 2
        }
        unsafe bytes.storeBytes(of: flags.rawValue | 2, as: UInt8.self)
        unsafe bytes.storeBytes(of: bodyLength.bigEndian, toByteOffset: 1, as: UInt64.self)
        return 9
    }
}
