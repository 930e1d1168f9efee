/// What one element of a tensor is. `Bool` takes one byte, the complex types are pairs of floats.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, bfloat16, float32, float64
    case float8E4M3, float8E5M2
    case complex64, complex128

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .bool, .int8, .uint8, .float8E4M3, .float8E5M2: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64, .complex64: 8
        case .complex128: 16
        }
    }

    /// Kind and size as NumPy writes them behind the byte order ("f4"); nil where NumPy has none:
    /// the extension types are stored as untyped "V2" or "V1", which tells nothing to a reader.
    var numpyCode: String? {
        switch self {
        case .bool: "b1"
        case .int8: "i1"
        case .int16: "i2"
        case .int32: "i4"
        case .int64: "i8"
        case .uint8: "u1"
        case .uint16: "u2"
        case .uint32: "u4"
        case .uint64: "u8"
        case .float16: "f2"
        case .float32: "f4"
        case .float64: "f8"
        case .complex64: "c8"
        case .complex128: "c16"
        case .bfloat16, .float8E4M3, .float8E5M2: nil
        }
    }

    /// The name in a safetensors header; nil where the format has none.
    var safetensorsName: String? {
        switch self {
        case .bool: "BOOL"
        case .int8: "I8"
        case .int16: "I16"
        case .int32: "I32"
        case .int64: "I64"
        case .uint8: "U8"
        case .uint16: "U16"
        case .uint32: "U32"
        case .uint64: "U64"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .float32: "F32"
        case .float64: "F64"
        case .float8E4M3: "F8_E4M3"
        case .float8E5M2: "F8_E5M2"
        case .complex64: "C64"
        case .complex128: nil
        }
    }

    init?(numpyCode: some StringProtocol) {
        let code = String(numpyCode)
        guard let match = Self.allCases.first(where: { $0.numpyCode == code }) else { return nil }
        self = match
    }

    init?(safetensorsName: String) {
        guard let match = Self.allCases.first(where: { $0.safetensorsName == safetensorsName })
        else { return nil }
        self = match
    }
}
