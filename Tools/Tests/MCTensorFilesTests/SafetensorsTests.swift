import MCCodec
import MCTensorFiles
import Testing

func safetensors(_ json: String, payload: [UInt8] = []) -> [UInt8] {
    let length = UInt64(json.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(json.utf8)
        + payload
}

@Suite struct `Safetensors files` {
    @Test func `tensors come in the order of their payloads`() throws {
        let json = """
            {"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},\
            "__metadata__":{"format":"pt"},\
            "a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},\
            "\\u00e9\\ud83d\\ude00":{"dtype":"F32","shape":[0],"data_offsets":[6,6]}}   \n
            """
        let file = try TensorFile(
            bytes: safetensors(json, payload: [0, 1, 2, 3, 4, 5]), format: .safetensors)
        #expect(file.tensors.map(\.name) == ["a", "b", "é😀"])
        #expect(file.tensors.map(\.dtype) == [.bfloat16, .uint8, .float32])
        #expect(file.metadata == ["format": "pt"])
        #expect(payload(file, file.tensors[0]) == [0, 1, 2, 3])
        #expect(payload(file, file.tensors[1]) == [4, 5])
        #expect(payload(file, file.tensors[2]).isEmpty)
    }

    @Test(arguments: [
        ("BOOL", DType.bool), ("U8", .uint8), ("I8", .int8), ("F8_E5M2", .float8_e5m2),
        ("F8_E4M3", .float8_e4m3fn), ("I16", .int16), ("U16", .uint16), ("F16", .float16),
        ("BF16", .bfloat16), ("I32", .int32), ("U32", .uint32), ("F32", .float32),
        ("F64", .float64), ("I64", .int64), ("U64", .uint64), ("C64", .complex64),
    ])
    func `element types`(name: String, type: DType) throws {
        let json =
            "{\"x\":{\"dtype\":\"\(name)\",\"shape\":[],\"data_offsets\":[0,\(type.itemSize)]}}"
        let bytes = safetensors(json, payload: Array(repeating: 7, count: type.itemSize))
        let tensor = try #require(try TensorFile(bytes: bytes, format: .safetensors).tensors.first)
        #expect(tensor.dtype == type)
    }

    @Test(arguments: [
        "", " {}", "[]", "{", "{\"a\"", "{} x", "{\"a\":1}", "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"dtype\":\"U8\",\"data_offsets\":[0,1]}}",
        "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"\\ud800\":{}}", "{\"\\q\":{}}", "{\"a\":{\"x\":--1}}",
        // Twice the same name, a hole, an overlap.
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    ])
    func `a malformed header is refused`(json: String) {
        #expect(code(safetensors(json, payload: [1, 2]), .safetensors) == .malformedHeader)
    }

    @Test func `sizes are checked against shape and file`() {
        func file(_ shape: String, _ end: Int, _ count: Int) -> [UInt8] {
            safetensors(
                "{\"a\":{\"dtype\":\"U16\",\"shape\":\(shape),\"data_offsets\":[0,\(end)]}}",
                payload: Array(repeating: 0, count: count))
        }
        #expect(code(file("[2]", 4, 4), .safetensors) == nil)
        #expect(code(file("[2]", 2, 2), .safetensors) == .sizeMismatch)
        #expect(code(file("[2]", 4, 3), .safetensors) == .truncated)
        #expect(code(file("[2]", 4, 5), .safetensors) == .sizeMismatch)
        #expect(code(file("[\(Int.max),\(Int.max)]", 4, 4), .safetensors) == .sizeMismatch)
    }

    @Test func `what has no element type here is refused by name`() throws {
        let json = "{\"w\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}"
        let error = #expect(throws: TensorFileError.self) {
            try TensorFile(bytes: safetensors(json, payload: [0]), format: .safetensors)
        }
        #expect(error?.code == .unsupportedDType)
        #expect(error?.message.contains("F4") == true)
    }

    @Test func `limits hold before memory is spent`() {
        let length: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x80]
        #expect(code(length + [0x7B], .safetensors) == .limitExceeded)
        let deep = String(repeating: "[", count: 100_000)
        #expect(code(safetensors("{\"a\":{\"x\":\(deep)"), .safetensors) == .limitExceeded)
        #expect(code(safetensors("{}").dropLast(1) + [], .safetensors) == .truncated)
    }

    @Test func `a cut or altered file never traps`() {
        let whole = safetensors(
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", payload: [1, 2])
        for count in 0..<whole.count {
            #expect(code(Array(whole[..<count]), .safetensors) != nil)
        }
        var generator = SeededGenerator(seed: 20)
        for _ in 0..<20_000 {
            var altered = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<altered.count, using: &generator)
                altered[index] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = code(altered, .safetensors)
        }
    }
}
