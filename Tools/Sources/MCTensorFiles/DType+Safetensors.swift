import MCCodec

extension DType {
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
        case .float8_e4m3fn: "F8_E4M3"
        case .float8_e5m2: "F8_E5M2"
        case .float8_e8m0fnu: "F8_E8M0"
        case .complex64: "C64"
        case .float8_e4m3fnuz, .float8_e5m2fnuz, .complex32, .complex128: nil
        }
    }

    init?(safetensorsName: String) {
        guard let match = Self.allCases.first(where: { $0.safetensorsName == safetensorsName })
        else { return nil }
        self = match
    }
}
