/// Reads the JSON header of pyzmq's documented `send_array` recipe:
/// `{"dtype": "float32", "shape": [2, 3]}`, the two keys in either order.
///
/// It is strict: nothing but these two keys, since another one (`"order"`, `"strides"`) would
/// change what the payload means and must not be passed over. It is bounded: a document of more
/// than 1024 bytes is refused, nothing nests, and numbers are plain integers.
enum TensorJSON {
    static let maximumByteCount = 1024

    static func descriptor(decoding bytes: RawSpan) throws(CodecError) -> TensorDescriptor {
        guard bytes.byteCount <= maximumByteCount else {
            throw malformed("has \(bytes.byteCount) bytes, \(maximumByteCount) may be")
        }
        var scanner = JSONScanner(bytes)
        var name: String?
        var shape: [Int]?
        try scanner.expect("{")
        repeat {
            let key = try scanner.string()
            try scanner.expect(":")
            switch key {
            case "dtype" where name == nil: name = try scanner.string()
            case "shape" where shape == nil: shape = try dimensions(&scanner)
            case "dtype", "shape": throw malformed("has the key \"\(key)\" twice")
            default: throw malformed("has a key other than \"dtype\" and \"shape\"")
            }
        } while scanner.skip(",")
        try scanner.expect("}")
        guard scanner.isAtEnd else { throw malformed("goes on after its end") }
        guard let name else { throw malformed("has no \"dtype\"") }
        guard let shape else { throw malformed("has no \"shape\"") }
        if let dtype = DType(name: name) {
            return try TensorDescriptor(dtype: dtype, shape: shape)
        }
        guard let (dtype, order) = DType.parse(numPyTypeString: name) else {
            let shown = printable(Array(name.utf8.prefix(40)))
            throw CodecError(.unknownDataType, "the tensor's data type \"\(shown)\" is unknown")
        }
        return try TensorDescriptor(dtype: dtype, shape: shape, byteOrder: order)
    }

    private static func dimensions(_ scanner: inout JSONScanner) throws(CodecError) -> [Int] {
        var shape: [Int] = []
        try scanner.expect("[")
        if scanner.skip("]") { return shape }
        repeat {
            shape.append(try scanner.integer())
        } while scanner.skip(",")
        try scanner.expect("]")
        return shape
    }

    fileprivate static func malformed(_ what: String) -> CodecError {
        CodecError(.malformedTensorHeader, "the JSON tensor header \(what)")
    }
}

/// The tokens of RFC 8259 that the recipe needs.
private struct JSONScanner: ~Escapable {
    private var reader: ByteReader

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        reader = ByteReader(bytes)
    }

    /// Whether nothing but white space is left.
    var isAtEnd: Bool {
        @_lifetime(self: copy self)
        mutating get {
            skipSpace()
            return reader.isAtEnd
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while let octet = reader.next, [0x20, 0x09, 0x0a, 0x0d].contains(octet) {
            _ = reader.octet()
        }
    }

    /// Skips white space, and then `mark` if it is there.
    @_lifetime(self: copy self)
    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard reader.next == UInt8(ascii: mark) else { return false }
        _ = reader.octet()
        return true
    }

    @_lifetime(self: copy self)
    mutating func expect(_ mark: Unicode.Scalar) throws(CodecError) {
        guard skip(mark) else {
            throw TensorJSON.malformed("has no \"\(mark)\" at byte \(reader.position)")
        }
    }

    /// A string of ASCII characters, which all names of types are.
    @_lifetime(self: copy self)
    mutating func string() throws(CodecError) -> String {
        try expect("\"")
        var text = ""
        while let octet = reader.octet() {
            switch octet {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): text.unicodeScalars.append(try escape())
            case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(octet))
            default: throw TensorJSON.malformed("has a string with other than printable ASCII")
            }
        }
        throw TensorJSON.malformed("ends in a string")
    }

    /// What follows a backslash. Some writers escape `<` as `\u003c`.
    @_lifetime(self: copy self)
    private mutating func escape() throws(CodecError) -> Unicode.Scalar {
        let octet = reader.octet() ?? 0
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(octet)
        case UInt8(ascii: "u"):
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = Character(Unicode.Scalar(reader.octet() ?? 0)).hexDigitValue
                else { throw TensorJSON.malformed("has a malformed escape") }
                value = value << 4 | UInt32(digit)
            }
            guard (0x20...0x7e).contains(value), let scalar = Unicode.Scalar(value) else {
                throw TensorJSON.malformed("has a string with other than printable ASCII")
            }
            return scalar
        default:
            throw TensorJSON.malformed("has a malformed escape")
        }
    }

    /// An integer without fraction and exponent. A negative one is read, for a better message.
    @_lifetime(self: copy self)
    mutating func integer() throws(CodecError) -> Int {
        let isNegative = skip("-")
        var digits: [UInt8] = []
        while let octet = reader.next, octet.isDigit {
            digits.append(octet)
            _ = reader.octet()
        }
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 else {
            throw TensorJSON.malformed("has a dimension that is no integer")
        }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
            throw CodecError(.invalidDimension, "a dimension of the tensor is too large")
        }
        return isNegative ? -value : value
    }
}
