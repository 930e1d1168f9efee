import MCCodec

/// The header of a `.safetensors` file.
///
/// Source: the safetensors format: eight bytes of header length (little-endian), a JSON object of
/// tensors (dtype, shape, data_offsets relative to the end of the header) with an optional
/// `__metadata__` of strings, then the payloads, without holes or overlaps. Elements are
/// little-endian and row-major.
struct SafetensorsHeader: Equatable {
    /// In the order of their payloads, byte ranges relative to the start of the file.
    var tensors: [StoredTensor] = []
    var metadata: [String: String] = [:]

    /// The reference implementation's own limit.
    static let maximumTextBytes = 100_000_000
    static let metadataKey = "__metadata__"

    /// Reads the header at the start of `file` and checks it against the file's size.
    static func read(_ file: RawSpan) throws(TensorFileError) -> SafetensorsHeader {
        guard file.byteCount >= 8 else {
            throw TensorFileError(.truncated, "shorter than a .safetensors header")
        }
        var length: UInt64 = 0
        for offset in (0..<8).reversed() { length = length << 8 | UInt64(file.byte(at: offset)) }
        guard length <= maximumTextBytes else {
            throw TensorFileError(
                .limitExceeded, "a header of \(length) bytes; at most \(maximumTextBytes) are read")
        }
        let start = 8 + Int(length)
        guard start <= file.byteCount else {
            throw TensorFileError(.truncated, "ends within the header")
        }
        return try SafetensorsHeader(
            text: file.array(8..<start), payloadStart: start, fileSize: file.byteCount)
    }

    /// Parses the JSON text and checks the offsets.
    init(text: [UInt8], payloadStart: Int, fileSize: Int) throws(TensorFileError) {
        var cursor = TextCursor(text)
        // The format forbids white space in front of the object, and allows it behind.
        guard cursor.current == UInt8(ascii: "{") else { throw cursor.malformed("'{' expected") }
        var names: Set<String> = []
        var tensors: [StoredTensor] = []
        var metadata: [String: String] = [:]
        try cursor.readObject { cursor, name throws(TensorFileError) in
            guard names.insert(name).inserted else {
                throw cursor.malformed("the name '\(name)' stands twice")
            }
            if name == Self.metadataKey {
                metadata = try Self.readMetadata(&cursor)
            } else {
                tensors.append(try Self.readTensor(&cursor, name: name))
            }
        }
        cursor.skipSpace()
        guard cursor.isAtEnd else { throw cursor.malformed("text behind the object") }
        self.metadata = metadata
        self.tensors = try Self.place(tensors, payloadStart: payloadStart, fileSize: fileSize)
    }

    private static func readMetadata(
        _ cursor: inout TextCursor
    ) throws(TensorFileError) -> [String: String] {
        var metadata: [String: String] = [:]
        try cursor.readObject { cursor, key throws(TensorFileError) in
            guard metadata.updateValue(try cursor.readJSONString(), forKey: key) == nil else {
                throw cursor.malformed("the metadata key '\(key)' stands twice")
            }
        }
        return metadata
    }

    private static func readTensor(
        _ cursor: inout TextCursor, name: String
    ) throws(TensorFileError) -> StoredTensor {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try cursor.readObject { cursor, key throws(TensorFileError) in
            switch key {
            case "dtype" where type == nil: type = try cursor.readJSONString()
            case "shape" where shape == nil: shape = try Self.readCounts(&cursor)
            case "data_offsets" where offsets == nil: offsets = try Self.readCounts(&cursor)
            case "dtype", "shape", "data_offsets":
                throw cursor.malformed("'\(key)' stands twice in '\(name)'")
            default: try cursor.skipValue()
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw cursor.malformed("'\(name)' needs dtype, shape and two rising data_offsets")
        }
        guard let dtype = DType(safetensorsName: type) else {
            throw TensorFileError(
                .unsupportedDType,
                "element type '\(type)' of '\(name)' cannot be sent as a tensor")
        }
        let tensor = StoredTensor(
            name: name, dtype: dtype, shape: shape, byteRange: offsets[0]..<offsets[1])
        guard tensor.expectedByteCount == offsets[1] - offsets[0] else {
            throw TensorFileError(
                .sizeMismatch,
                "'\(name)' has \(offsets[1] - offsets[0]) bytes, but its shape \(shape) of "
                    + "\(type) needs \(tensor.expectedByteCount.map(String.init) ?? "too many")")
        }
        return tensor
    }

    private static func readCounts(_ cursor: inout TextCursor) throws(TensorFileError) -> [Int] {
        var counts: [Int] = []
        try cursor.readArray { cursor throws(TensorFileError) in
            guard counts.count < NPYHeader.maximumRank else {
                throw TensorFileError(
                    .limitExceeded, "more than \(NPYHeader.maximumRank) dimensions")
            }
            counts.append(try cursor.readCount())
        }
        return counts
    }

    /// Puts the tensors in the order of their payloads; refuses holes, overlaps and overhang.
    private static func place(
        _ tensors: [StoredTensor], payloadStart: Int, fileSize: Int
    ) throws(TensorFileError) -> [StoredTensor] {
        var placed = tensors.sorted {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
        }
        var end = 0
        for index in placed.indices {
            let range = placed[index].byteRange
            guard range.lowerBound == end else {
                throw TensorFileError(
                    .malformedHeader,
                    "'\(placed[index].name)' starts at byte \(range.lowerBound), the payload "
                        + "before it ends at \(end)")
            }
            end = range.upperBound
            guard end <= fileSize - payloadStart else {
                throw TensorFileError(
                    .truncated, "'\(placed[index].name)' ends behind the end of the file")
            }
            placed[index].byteRange = range.lowerBound + payloadStart..<end + payloadStart
        }
        guard end == fileSize - payloadStart else {
            throw TensorFileError(
                .sizeMismatch, "\(fileSize - payloadStart - end) bytes belong to no tensor")
        }
        return placed
    }
}
