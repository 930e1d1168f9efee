/// A 64-bit digest of bytes, to tell whether what arrived is what was sent. Not cryptographic.
///
/// Every step is a bijection of the state for a given word and of the word for a given state, so
/// that two inputs of one length that differ in a single word never have the same digest.
public struct Digest: Sendable {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The digest of nothing.
    public init() {}

    /// Adds a number.
    public mutating func combine(_ word: UInt64) {
        state = (state ^ word) &* 0xD6E8_FEB8_6659_FD93
        state ^= state >> 32
    }

    /// Adds the bytes, then their number.
    public mutating func combine(_ bytes: RawSpan) {
        let whole = bytes.byteCount & ~7
        var offset = 0
        while offset < whole {
            // Safe because the offset is below the span's end by a whole word.
            combine(
                unsafe UInt64(
                    littleEndian: bytes.unsafeLoadUnaligned(
                        fromUncheckedByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last: UInt64 = 0
        while offset < bytes.byteCount {
            last =
                last << 8 | UInt64(unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            offset += 1
        }
        combine(last)
        combine(UInt64(bytes.byteCount))
    }

    /// The digest of everything so far.
    public var value: UInt64 { state ^ (state >> 29) }
}
