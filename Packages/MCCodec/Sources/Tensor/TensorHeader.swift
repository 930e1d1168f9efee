/// The first frame of a tensor message; the payload is the second.
///
/// It is one record of 48 bytes, little-endian, laid out in the article <doc:TensorHeader>.
/// The decoder also reads the JSON header of pyzmq's documented `send_array` recipe.
public struct TensorHeader: Hashable, Sendable {
    /// The length of the record, in bytes.
    public static var byteCount: Int { 48 }
    /// The version of the record that is written, and the only one that is read.
    public static var formatVersion: UInt8 { 1 }
    static let magic: [UInt8] = [0x4d, 0x43, 0x54, 0x4e]

    /// What the payload is.
    public var descriptor: TensorDescriptor
    /// The payload's CRC-32C, or nil when the sender gave none.
    public var checksum: UInt32?

    /// A header for a payload; `checksum` is ``CRC32C/checksum(of:)`` of it, if any.
    public init(_ descriptor: TensorDescriptor, checksum: UInt32? = nil) {
        self.descriptor = descriptor
        self.checksum = checksum
    }

    /// Throws `payloadLengthMismatch` or, where the header has a checksum, `checksumMismatch`
    /// when `payload` is not the one that the header stands for.
    ///
    /// - Complexity: O(1) without a checksum, O(*n*) with one.
    public func check(payload: RawSpan) throws(CodecError) {
        try descriptor.check(payloadByteCount: payload.byteCount)
        guard let checksum else { return }
        let actual = CRC32C.checksum(of: payload)
        guard actual == checksum else {
            throw CodecError(
                .checksumMismatch,
                "the payload's CRC-32C is \(actual), the header says \(checksum)")
        }
    }
}

/// The bits of the octet at offset 7 of the record.
private enum HeaderFlag {
    static let columnMajor: UInt8 = 1
    static let bigEndian: UInt8 = 2
    static let checksum: UInt8 = 4
    static let all: UInt8 = 7
}

extension TensorHeader {
    /// Appends the record, 48 bytes.
    public func encode(into output: inout [UInt8]) {
        output += Self.magic
        output.append(Self.formatVersion)
        output.append(descriptor.dtype.rawValue)
        output.append(UInt8(truncatingIfNeeded: descriptor.rank))
        output.append(
            (descriptor.layout == .columnMajor ? HeaderFlag.columnMajor : 0)
                | (descriptor.byteOrder == .big ? HeaderFlag.bigEndian : 0)
                | (checksum == nil ? 0 : HeaderFlag.checksum))
        for index in 0..<TensorDescriptor.maximumRank {
            let dimension = index < descriptor.rank ? descriptor.shape[index] : 0
            output.append(littleEndian: UInt64(dimension))
        }
        output.append(littleEndian: checksum ?? 0)
        output.append(littleEndian: UInt32(0))
    }

    /// The record, 48 bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        encode(into: &bytes)
        return bytes
    }

    /// Reads the first frame of a tensor message: our record, or JSON, which begins with `{`.
    ///
    /// Throws `malformedTensorHeader`, `unknownDataType`, `rankTooHigh`, `invalidDimension` or
    /// `sizeOverflow`.
    public init(decoding bytes: RawSpan) throws(CodecError) {
        if bytes.byteCount > 0, bytes[octet: 0] == UInt8(ascii: "{") {
            self.init(try TensorJSON.descriptor(decoding: bytes))
        } else {
            try self.init(record: bytes)
        }
    }

    private init(record bytes: RawSpan) throws(CodecError) {
        var reader = ByteReader(bytes)
        guard let magic = reader.take(4), magic == Self.magic else {
            throw CodecError(.malformedTensorHeader, "the frame is no tensor header: wrong magic")
        }
        guard bytes.byteCount == Self.byteCount else {
            throw CodecError(
                .malformedTensorHeader,
                "a tensor header of \(bytes.byteCount) bytes, not \(Self.byteCount)")
        }
        let version = reader.octet() ?? 0
        guard version == Self.formatVersion else {
            throw CodecError(
                .malformedTensorHeader, "version \(version) of the tensor header is not known")
        }
        let code = reader.octet() ?? 0
        guard let dtype = DType(rawValue: code) else {
            throw CodecError(
                .unknownDataType, "the tensor's data type has the unknown code \(code)")
        }
        let rank = Int(reader.octet() ?? 0)
        guard rank <= TensorDescriptor.maximumRank else {
            throw CodecError(
                .rankTooHigh,
                """
                a tensor of \(rank) dimensions; \
                at most \(TensorDescriptor.maximumRank) are supported
                """)
        }
        let flags = reader.octet() ?? 0
        guard flags & ~HeaderFlag.all == 0 else {
            throw CodecError(.malformedTensorHeader, "unknown flags of a tensor header: \(flags)")
        }
        let shape = try Self.shape(&reader, rank: rank)
        let checksum = reader.littleEndian(UInt32.self) ?? 0
        let reserved = reader.littleEndian(UInt32.self) ?? 0
        let hasChecksum = flags & HeaderFlag.checksum != 0
        guard reserved == 0, hasChecksum || checksum == 0 else {
            throw CodecError(
                .malformedTensorHeader, "a field of the tensor header that must be zero is not")
        }
        self.init(
            try TensorDescriptor(
                dtype: dtype, shape: shape,
                layout: flags & HeaderFlag.columnMajor != 0 ? .columnMajor : .rowMajor,
                byteOrder: flags & HeaderFlag.bigEndian != 0 ? .big : .little),
            checksum: hasChecksum ? checksum : nil)
    }

    private static func shape(
        _ reader: inout ByteReader, rank: Int
    ) throws(CodecError) -> [Int] {
        var shape: [Int] = []
        for index in 0..<TensorDescriptor.maximumRank {
            let value = reader.littleEndian(UInt64.self) ?? 0
            guard index < rank || value == 0 else {
                throw CodecError(
                    .malformedTensorHeader, "a dimension beyond the tensor's rank is not zero")
            }
            // A negative dimension of a sender that writes signed numbers ends here as well.
            guard let dimension = Int(exactly: value) else {
                throw CodecError(
                    .invalidDimension, "a dimension of the tensor is \(Int64(bitPattern: value))")
            }
            if index < rank { shape.append(dimension) }
        }
        return shape
    }
}
