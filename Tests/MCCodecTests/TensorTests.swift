import MCCodec
import MCTestSupport
import Testing

private func decode(_ bytes: [UInt8]) throws(CodecError) -> TensorHeader {
    try TensorHeader(decoding: bytes.rawSpan)
}

private func refusal(_ bytes: [UInt8]) -> CodecError? {
    do { _ = try decode(bytes) } catch { return error }
    return nil
}

private func refusal(json: String) -> CodecError? { refusal(Array(json.utf8)) }

private func descriptor(json: String) throws(CodecError) -> TensorDescriptor {
    try decode(Array(json.utf8)).descriptor
}

@Suite struct DTypeTests {
    @Test func `names and type strings lead back to their type`() {
        for dtype in DType.allCases {
            #expect(DType(name: dtype.name) == dtype)
            #expect(DType(name: "torch." + dtype.name) == dtype)
            #expect(DType(rawValue: dtype.rawValue) == dtype)
            for order in ByteOrder.allCases {
                guard let text = dtype.numPyTypeString(byteOrder: order) else { continue }
                let parsed = DType.parse(numPyTypeString: text)
                #expect(parsed?.dtype == dtype)
                #expect(parsed?.order == (dtype.itemSize == 1 ? .little : order))
            }
        }
        #expect(Set(DType.allCases.map(\.name)).count == DType.allCases.count)
    }

    @Test func `sizes and type strings are NumPy's`() {
        #expect(DType.float32.numPyTypeString() == "<f4")
        #expect(DType.complex128.numPyTypeString(byteOrder: .big) == ">c16")
        #expect(DType.bool.numPyTypeString(byteOrder: .big) == "|b1")
        #expect(DType.bfloat16.numPyTypeString() == nil)
        for (dtype, size) in [
            (.bool, 1), (.float8_e4m3fn, 1), (.bfloat16, 2), (.float16, 2), (.float32, 4),
            (.complex32, 4), (.complex64, 8), (.int64, 8), (.complex128, 16),
        ] as [(DType, Int)] {
            #expect(dtype.itemSize == size)
        }
    }

    @Test(arguments: ["", "<", "f4", "|f4", "=f4", "<f3", "<V2", "<M8[ns]", "float", "Float32"])
    func `other names are none`(text: String) {
        #expect(DType.parse(numPyTypeString: text) == nil)
        #expect(DType(name: text) == nil)
    }
}

@Suite struct TensorDescriptorTests {
    @Test func `sizes follow from shape and type`() throws {
        let matrix = try TensorDescriptor(dtype: .float32, shape: [2, 3])
        #expect(matrix.byteCount == 24 && matrix.elementCount == 6 && matrix.rank == 2)
        #expect(matrix.description == "float32[2, 3]")
        let scalar = try TensorDescriptor(dtype: .complex128, shape: [])
        #expect(scalar.byteCount == 16 && scalar.elementCount == 1)
        let empty = try TensorDescriptor(dtype: .int8, shape: [.max, 0, .max])
        #expect(empty.byteCount == 0 && empty.elementCount == 0)
        let largest = try TensorDescriptor(dtype: .int8, shape: [.max])
        #expect(largest.byteCount == .max)
    }

    @Test func `impossible shapes are refused`() {
        func refused(_ dtype: DType, _ shape: [Int]) -> CodecError? {
            do { _ = try TensorDescriptor(dtype: dtype, shape: shape) } catch { return error }
            return nil
        }
        let rank = refused(.int8, [1, 1, 1, 1, 1])
        #expect(rank?.code == .rankTooHigh)
        #expect(rank?.message == "a tensor of 5 dimensions; at most 4 are supported")
        #expect(refused(.int8, [0, -1])?.code == .invalidDimension)
        #expect(refused(.int8, [1 << 32, 1 << 31])?.code == .sizeOverflow)
        #expect(refused(.int16, [.max])?.code == .sizeOverflow)
    }

    @Test func `a payload has the tensor's length`() throws {
        let header = TensorHeader(try TensorDescriptor(dtype: .int16, shape: [3]))
        #expect(
            code { () throws(CodecError) in
                try header.check(payload: [UInt8](repeating: 0, count: 6).rawSpan)
            } == nil)
        for count in [0, 5, 7] {
            #expect(
                code { () throws(CodecError) in
                    try header.descriptor.check(payloadByteCount: count)
                } == .payloadLengthMismatch)
        }
    }
}

@Suite struct TensorHeaderTests {
    @Test func `records have the bytes of their vectors`() throws {
        let plain = TensorHeader(try TensorDescriptor(dtype: .float32, shape: [2, 3]))
        let fortran = try TensorDescriptor(
            dtype: .bfloat16, shape: [1, 2, 3, 4], layout: .columnMajor, byteOrder: .big)
        let scalar = try TensorDescriptor(dtype: .int64, shape: [])
        let empty = try TensorDescriptor(dtype: .float8_e4m3fn, shape: [0, 1 << 62, 1 << 62])
        let vectors: [(String, TensorHeader)] = [
            ("tensor-float32-2x3", plain),
            ("tensor-float32-2x3-crc", TensorHeader(plain.descriptor, checksum: 0x7874_3a5d)),
            ("tensor-bfloat16-column-major-big", TensorHeader(fortran)),
            ("tensor-scalar-int64", TensorHeader(scalar)),
            ("tensor-empty-fp8", TensorHeader(empty)),
        ]
        for (name, header) in vectors {
            let bytes = try vector(name)
            #expect(header.encoded() == bytes, "\(name)")
            #expect(bytes.count == TensorHeader.byteCount)
            #expect(try decode(bytes) == header, "\(name)")
        }
    }

    @Test func `a checksum is verified`() throws {
        let payload: [UInt8] = (0..<6).flatMap { number in
            unsafe withUnsafeBytes(of: Float(number).bitPattern.littleEndian) { unsafe Array($0) }
        }
        let header = try decode(vector("tensor-float32-2x3-crc"))
        try header.check(payload: payload.rawSpan)
        var damaged = payload
        damaged[23] ^= 1
        #expect(
            code { () throws(CodecError) in
                try header.check(payload: damaged.rawSpan)
            } == .checksumMismatch)
    }

    @Test(arguments: [
        ("magic", CodecError.Code.malformedTensorHeader), ("version", .malformedTensorHeader),
        ("dtype", .unknownDataType), ("rank", .rankTooHigh), ("flags", .malformedTensorHeader),
        ("negative", .invalidDimension), ("overflow", .sizeOverflow),
        ("beyond-rank", .malformedTensorHeader), ("short", .malformedTensorHeader),
        ("crc-without-flag", .malformedTensorHeader), ("reserved", .malformedTensorHeader),
        ("long", .malformedTensorHeader),
    ])
    func `bad records are refused`(name: String, expected: CodecError.Code) throws {
        #expect(refusal(try vector("tensor-bad-\(name)"))?.code == expected)
    }

    @Test func `messages name the offending value`() throws {
        #expect(refusal(try vector("tensor-bad-dtype"))?.message.contains("99") == true)
        #expect(refusal(try vector("tensor-bad-rank"))?.message.contains("5 dim") == true)
        #expect(refusal(try vector("tensor-bad-negative"))?.message.contains("-1") == true)
    }

    @Test func `every record that is accepted is written back as it was`() throws {
        var random = SeededGenerator(seed: 3)
        let seeds = try ["tensor-float32-2x3-crc", "tensor-bfloat16-column-major-big"].map(vector)
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...35, using: &random)
            }
            guard let header = try? decode(bytes) else { continue }
            accepted += 1
            #expect(header.encoded() == bytes)
        }
        #expect(accepted > 500)
        for _ in 0..<5_000 {
            _ = try? decode(random.bytes(Int.random(in: 0...60, using: &random)))
        }
    }
}

@Suite struct TensorJSONTests {
    @Test(arguments: [
        #"{"dtype": "float32", "shape": [2, 3]}"#, #"{"dtype":"<f4","shape":[2,3]}"#,
        "{\n\t\"shape\" : [ 2 , 3 ] ,\r\n \"dtype\" : \"torch.float32\" } ",
        #"{"\u0064type":"\u003cf4","shape":[2,3]}"#,
    ])
    func `the header of pyzmq's recipe is read`(json: String) throws {
        #expect(
            try descriptor(json: json) == TensorDescriptor(dtype: .float32, shape: [2, 3]))
    }

    @Test func `scalars, empty tensors and byte orders are read`() throws {
        let scalar = try descriptor(json: #"{"dtype":"bool","shape":[]}"#)
        #expect(scalar.rank == 0 && scalar.byteCount == 1)
        let big = try descriptor(json: #"{"dtype":">i8","shape":[0,7]}"#)
        #expect(big.byteOrder == .big && big.byteCount == 0)
    }

    @Test(arguments: [
        "{", "{}", "{]", #"{"dtype"}"#, #"{"dtype":"int8"}"#, #"{"shape":[1]}"#,
        #"{"dtype":"int8","shape":[1]"#, #"{"dtype":"int8","shape":[1]}x"#,
        #"{"dtype":"int8","shape":[1],}"#, #"{"dtype":"int8","shape":[1,]}"#,
        #"{"dtype":"int8","shape":[1.0]}"#, #"{"dtype":"int8","shape":[01]}"#,
        #"{"dtype":"int8","shape":[1e3]}"#, #"{"dtype":"int8","shape":[- 1]}x"#,
        #"{"dtype":"int8","shape":[]]}"#, #"{"dtype":"int8","shape":[[1]]}"#,
        #"{"dtype":"int8","shape":1}"#, #"{"dtype":8,"shape":[1]}"#,
        #"{"dtype":"int8","shape":[1],"order":"F"}"#,
        #"{"dtype":"int8","dtype":"int8","shape":[1]}"#, #"{"dtype":"in\t8","shape":[1]}"#,
        #"{"dtype":"int\u00e98","shape":[1]}"#, #"{"dtype":"int8\u00","shape":[1]}"#,
        "{\"dtype\":\"int8\u{e9}\",\"shape\":[1]}", "{\"dtype\":\"int8\n\",\"shape\":[1]}",
    ])
    func `other JSON is refused`(json: String) {
        #expect(refusal(json: json)?.code == .malformedTensorHeader)
    }

    @Test func `impossible tensors are refused by name`() {
        #expect(refusal(json: #"{"dtype":"int8","shape":[1,1,1,1,1]}"#)?.code == .rankTooHigh)
        #expect(refusal(json: #"{"dtype":"int8","shape":[-1]}"#)?.code == .invalidDimension)
        #expect(
            refusal(json: #"{"dtype":"int8","shape":[99999999999999999999]}"#)?.code
                == .invalidDimension)
        #expect(
            refusal(json: #"{"dtype":"int64","shape":[9223372036854775807]}"#)?.code
                == .sizeOverflow)
        let unknown = refusal(json: #"{"dtype":"<V2","shape":[1]}"#)
        #expect(unknown?.code == .unknownDataType)
        #expect(unknown?.message.contains("<V2") == true)
    }

    @Test func `a long document is not even looked at`() {
        let padding = String(repeating: " ", count: 1_024)
        #expect(
            refusal(json: "{\(padding)\"dtype\":\"int8\",\"shape\":[1]}")?.code
                == .malformedTensorHeader)
    }

    @Test func `mutated documents never trap`() {
        var random = SeededGenerator(seed: 4)
        let seed = Array(#"{"dtype": "\u003cf4", "shape": [2, 3, -4]}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > 1 {
                let index = Int.random(in: 1..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[index] = UInt8.random(in: 0x20...0x7f, using: &random)
                } else {
                    bytes.removeSubrange(index...)
                }
            }
            _ = refusal(bytes)
        }
    }
}

@Suite struct CRC32CTests {
    @Test func `known checksums`() {
        #expect(CRC32C.checksum(of: [UInt8]().rawSpan) == 0)
        #expect(CRC32C.checksum(of: Array("123456789".utf8).rawSpan) == 0xe306_9283)
        // RFC 3720, B.4.
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32).rawSpan) == 0x8a91_36aa)
        #expect(
            CRC32C.checksum(of: [UInt8](repeating: 0xff, count: 32).rawSpan) == 0x62a8_ab43)
        #expect(CRC32C.checksum(of: Array(0..<32).rawSpan) == 0x46dd_794e)
        #expect(CRC32C.checksum(of: Array((0..<32).reversed()).rawSpan) == 0x113f_db5c)
    }

    @Test func `pieces give the checksum of the whole`() {
        var random = SeededGenerator(seed: 5)
        let bytes = random.bytes(1_000)
        for _ in 0..<50 {
            var checksum = CRC32C()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(Int.random(in: 1...99, using: &random)))
                checksum.update(piece.rawSpan)
                rest = rest.dropFirst(piece.count)
            }
            #expect(checksum.value == CRC32C.checksum(of: bytes.rawSpan))
        }
    }
}
