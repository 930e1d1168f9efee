import MCCodec

/// The header of NumPy's `.npy` format, versions 1.0, 2.0 and 3.0.
///
/// Source: NumPy Enhancement Proposal 1 and `numpy.lib.format`: the magic "\x93NUMPY", two bytes of
/// version, the header's length (two bytes in version 1, four in 2 and 3, little-endian), and a
/// Python dictionary with exactly the keys descr, fortran_order and shape.
struct NPYHeader: Equatable {
    var dtype: DType
    var byteOrder: ByteOrder
    var layout: TensorLayout
    var shape: [Int]

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Longer headers belong to structured types, which are not read.
    static let maximumTextBytes = 1 << 20
    /// NumPy's own limit.
    static let maximumRank = 64

    /// Reads the header at the start of `file`; returns it with the offset of the payload.
    static func read(_ file: RawSpan) throws(TensorFileError) -> (header: NPYHeader, size: Int) {
        guard file.byteCount >= 10 else {
            throw TensorFileError(.truncated, "shorter than a .npy header")
        }
        for (offset, byte) in magic.enumerated() where file.byte(at: offset) != byte {
            throw TensorFileError(.unknownFormat, "no .npy file: the magic is missing")
        }
        let major = file.byte(at: 6)
        guard (1...3).contains(major), file.byte(at: 7) == 0 else {
            throw TensorFileError(
                .malformedHeader, ".npy version \(major).\(file.byte(at: 7)) is not known")
        }
        let lengthBytes = major == 1 ? 2 : 4
        let start = 8 + lengthBytes
        guard file.byteCount >= start else {
            throw TensorFileError(.truncated, "shorter than a .npy header")
        }
        var length = 0
        for offset in (8..<start).reversed() { length = length << 8 | Int(file.byte(at: offset)) }
        guard length <= maximumTextBytes else {
            throw TensorFileError(
                .limitExceeded, "a header of \(length) bytes; at most \(maximumTextBytes) are read")
        }
        guard length <= file.byteCount - start else {
            throw TensorFileError(.truncated, "ends within the header")
        }
        return (try NPYHeader(text: file.array(start..<start + length)), start + length)
    }

    /// Parses the dictionary.
    init(text: [UInt8]) throws(TensorFileError) {
        var cursor = TextCursor(text)
        var descr: String?
        var order: Bool?
        var shape: [Int]?
        try cursor.expect("{")
        while !cursor.skip("}") {
            let key = try cursor.readPythonString()
            try cursor.expect(":")
            switch key {
            case "descr" where descr == nil: descr = try Self.readDescr(&cursor)
            case "fortran_order" where order == nil: order = try cursor.readPythonBool()
            case "shape" where shape == nil: shape = try cursor.readPythonShape()
            default: throw cursor.malformed("the key '\(key)' is unknown or stands twice")
            }
            if cursor.skip(",") { continue }
            try cursor.expect("}")
            break
        }
        cursor.skipSpace()
        guard cursor.isAtEnd else { throw cursor.malformed("text behind the dictionary") }
        guard let descr, let order, let shape else {
            throw cursor.malformed("one of descr, fortran_order and shape is missing")
        }
        (self.dtype, self.byteOrder) = try Self.parse(descr: descr)
        self.layout = order ? .columnMajor : .rowMajor
        self.shape = shape
    }

    private static func readDescr(_ cursor: inout TextCursor) throws(TensorFileError) -> String {
        if cursor.skip("[") {
            throw TensorFileError(
                .unsupportedDType, "a structured type; only plain numbers can be sent")
        }
        return try cursor.readPythonString()
    }

    /// "<f4": byte order, kind, size in bytes.
    private static func parse(descr: String) throws(TensorFileError) -> (DType, ByteOrder) {
        if descr.dropFirst().first == "V" {
            throw TensorFileError(
                .unsupportedDType,
                "descr '\(descr)' is untyped: .npy cannot say bfloat16 or an 8-bit float; "
                    + "store the array as .safetensors")
        }
        guard let (dtype, order) = DType.parse(numPyTypeString: descr) else {
            throw TensorFileError(
                .unsupportedDType, "element type '\(descr)' cannot be sent as a tensor")
        }
        return (dtype, dtype.itemSize > 1 ? order : .little)
    }
}
