/// The type of a tensor's elements. The raw value is the code in ``TensorHeader``; a code is
/// never given to another type, and a type that has none here is refused, never relabelled.
public enum DType: UInt8, Hashable, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case uint32 = 6
    case int32 = 7
    case uint64 = 8
    case int64 = 9
    /// IEEE 754 binary16.
    case float16 = 16
    /// The upper half of a binary32: 8 bits of exponent, 7 of mantissa.
    case bfloat16 = 17
    /// IEEE 754 binary32.
    case float32 = 18
    /// IEEE 754 binary64.
    case float64 = 19
    /// 4 bits of exponent, 3 of mantissa; finite, with NaN and two zeros (OCP FP8 E4M3).
    case float8_e4m3fn = 24
    /// 5 bits of exponent, 2 of mantissa, with infinities (OCP FP8 E5M2).
    case float8_e5m2 = 25
    /// 4 bits of exponent, 3 of mantissa; finite, one zero.
    case float8_e4m3fnuz = 26
    /// 5 bits of exponent, 2 of mantissa; finite, one zero.
    case float8_e5m2fnuz = 27
    /// 8 bits of exponent and nothing else: the scales of block formats (OCP MX E8M0).
    case float8_e8m0fnu = 28
    /// Two float16, real part first.
    case complex32 = 32
    /// Two float32, real part first.
    case complex64 = 33
    /// Two float64, real part first.
    case complex128 = 34
}

extension DType {
    /// The bytes of one element.
    public var itemSize: Int {
        switch self {
        case .bool, .uint8, .int8, .float8_e4m3fn, .float8_e5m2, .float8_e4m3fnuz,
            .float8_e5m2fnuz, .float8_e8m0fnu:
            1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32, .complex32: 4
        case .uint64, .int64, .float64, .complex64: 8
        case .complex128: 16
        }
    }

    /// The name that NumPy, ml_dtypes and PyTorch give it: `"float32"`, `"bfloat16"`.
    public var name: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .int8: "int8"
        case .uint16: "uint16"
        case .int16: "int16"
        case .uint32: "uint32"
        case .int32: "int32"
        case .uint64: "uint64"
        case .int64: "int64"
        case .float16: "float16"
        case .bfloat16: "bfloat16"
        case .float32: "float32"
        case .float64: "float64"
        case .float8_e4m3fn: "float8_e4m3fn"
        case .float8_e5m2: "float8_e5m2"
        case .float8_e4m3fnuz: "float8_e4m3fnuz"
        case .float8_e5m2fnuz: "float8_e5m2fnuz"
        case .float8_e8m0fnu: "float8_e8m0fnu"
        case .complex32: "complex32"
        case .complex64: "complex64"
        case .complex128: "complex128"
        }
    }

    /// The type with that name. A leading `torch.`, which PyTorch prints, is accepted.
    public init?(name: String) {
        let bare = name.hasPrefix("torch.") ? String(name.dropFirst(6)) : name
        guard let match = Self.allCases.first(where: { $0.name == bare }) else { return nil }
        self = match
    }
}

extension DType {
    /// The letter and the size of NumPy's array interface, or nil where it has none:
    /// the 8-bit floats, bfloat16 and complex32 are no types of NumPy's own.
    private var numPyKind: String? {
        switch self {
        case .bool: "b1"
        case .uint8: "u1"
        case .int8: "i1"
        case .uint16: "u2"
        case .int16: "i2"
        case .uint32: "u4"
        case .int32: "i4"
        case .uint64: "u8"
        case .int64: "i8"
        case .float16: "f2"
        case .float32: "f4"
        case .float64: "f8"
        case .complex64: "c8"
        case .complex128: "c16"
        case .bfloat16, .float8_e4m3fn, .float8_e5m2, .float8_e4m3fnuz, .float8_e5m2fnuz,
            .float8_e8m0fnu, .complex32:
            nil
        }
    }

    /// The type string of NumPy's array interface, such as `"<f4"` or `"|u1"`, or nil where
    /// NumPy has no such type.
    public func numPyTypeString(byteOrder: ByteOrder = .little) -> String? {
        guard let kind = numPyKind else { return nil }
        return (itemSize == 1 ? "|" : byteOrder == .little ? "<" : ">") + kind
    }

    /// Reads a type string of NumPy's array interface: `<`, `>` or, for types of one byte, `|`,
    /// then a letter and a size. Nil when it is none that we know.
    public static func parse(numPyTypeString text: String) -> (dtype: DType, order: ByteOrder)? {
        let kind = String(text.dropFirst())
        guard let mark = text.first, let dtype = allCases.first(where: { $0.numPyKind == kind })
        else { return nil }
        switch mark {
        case "<": return (dtype, .little)
        case ">": return (dtype, .big)
        case "|" where dtype.itemSize == 1: return (dtype, .little)
        default: return nil
        }
    }
}

/// The order of the bytes within each number of a payload.
public enum ByteOrder: UInt8, Hashable, Sendable, CaseIterable {
    /// Least significant byte first.
    case little = 0
    /// Most significant byte first.
    case big = 1
}

/// The order of the elements in a payload. There are no gaps: other strides must be packed first.
public enum TensorLayout: UInt8, Hashable, Sendable, CaseIterable {
    /// The last index runs fastest, as in C and in NumPy's default.
    case rowMajor = 0
    /// The first index runs fastest, as in Fortran.
    case columnMajor = 1
}
