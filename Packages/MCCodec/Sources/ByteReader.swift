/// Reads fields in order from bytes that came from outside. Every read is checked: a field that
/// is not there is `nil`, and the position stays. What is handed out is copied, so that nothing
/// is allocated for bytes that have not arrived.
struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    private(set) var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.byteCount - position }
    var isAtEnd: Bool { remaining == 0 }

    /// The next octet, without moving on.
    var next: UInt8? {
        isAtEnd ? nil : bytes[octet: position]
    }

    @_lifetime(self: copy self)
    mutating func octet() -> UInt8? {
        guard let value = next else { return nil }
        position += 1
        return value
    }

    /// An unsigned integer in network byte order.
    @_lifetime(self: copy self)
    mutating func bigEndian<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) -> T? {
        guard remaining >= T.bitWidth / 8 else { return nil }
        var value: T = 0
        for _ in 0..<T.bitWidth / 8 {
            value = value << 8 | T(bytes[octet: position])
            position += 1
        }
        return value
    }

    /// An unsigned integer, least significant octet first.
    @_lifetime(self: copy self)
    mutating func littleEndian<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) -> T? {
        bigEndian(type)?.byteSwapped
    }

    @_lifetime(self: copy self)
    mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return [UInt8](copying: bytes, from: position, count: count)
    }

    @_lifetime(self: copy self)
    mutating func rest() -> [UInt8] {
        take(remaining) ?? []
    }
}

extension RawSpan {
    /// The octet at `index`; an index outside of the span traps, as for an array.
    subscript(octet index: Int) -> UInt8 {
        precondition(index >= 0 && index < byteCount, "octet outside of the span")
        // Safe because the index was checked, and every octet is a UInt8.
        return unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}

extension [UInt8] {
    /// A copy of `count` octets of `bytes`, the first being number `start`.
    init(copying bytes: RawSpan, from start: Int = 0, count: Int) {
        // Safe because the buffer is copied while the span is borrowed.
        self = unsafe bytes.extracting(start..<(start + count)).withUnsafeBytes {
            unsafe Array($0)
        }
    }

    /// Appends an unsigned integer in network byte order.
    mutating func append<T: FixedWidthInteger & UnsignedInteger>(bigEndian value: T) {
        for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    /// Appends an unsigned integer, least significant octet first.
    mutating func append<T: FixedWidthInteger & UnsignedInteger>(littleEndian value: T) {
        append(bigEndian: value.byteSwapped)
    }
}

extension UInt8 {
    var isLetter: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }

    /// The octet with A to Z as a to z.
    var lowercased: UInt8 { (0x41...0x5a).contains(self) ? self | 0x20 : self }

    /// One of the marks that RFC 37 allows in names: `-`, `_`, `.` and `+`.
    var isNameMark: Bool { self == 0x2d || self == 0x5f || self == 0x2e || self == 0x2b }
}
