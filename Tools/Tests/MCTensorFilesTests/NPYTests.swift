import MCCodec
import MCTensorFiles
import Testing

/// A `.npy` file, byte by byte.
func npy(_ dictionary: String, version: UInt8 = 1, payload: [UInt8] = []) -> [UInt8] {
    let text = Array(dictionary.utf8)
    let length = UInt32(text.count)
    let lengthBytes = (0..<(version == 1 ? 2 : 4)).map {
        UInt8(truncatingIfNeeded: length >> (8 * $0))
    }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + lengthBytes + text + payload
}

func code(_ bytes: [UInt8], _ format: TensorFileFormat) -> TensorFileError.Code? {
    do throws(TensorFileError) {
        _ = try TensorFile(bytes: bytes, format: format)
        return nil
    } catch {
        return error.code
    }
}

func payload(_ file: TensorFile, _ tensor: StoredTensor) -> [UInt8] {
    file.withPayload(of: tensor) { span in (0..<span.byteCount).map { byte(span, $0) } }
}

private func byte(_ span: RawSpan, _ offset: Int) -> UInt8 {
    // Safe because the offset is inside the span, which the span checks.
    unsafe span.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
}

@Suite struct `NPY files` {
    @Test(arguments: [1, 2, 3] as [UInt8])
    func `every version of the header is read`(version: UInt8) throws {
        let bytes = npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }  \n", version: version,
            payload: Array(0..<8))
        let file = try TensorFile(bytes: bytes, format: .npy, name: "a")
        let tensor = try #require(file.tensors.first)
        #expect(tensor.dtype == .float32)
        #expect(tensor.shape == [1, 2])
        #expect(tensor.name == "a")
        #expect(tensor.byteOrder == .little && tensor.layout == .rowMajor)
        #expect(payload(file, tensor) == Array(0..<8))
    }

    @Test(arguments: [
        ("|b1", DType.bool, false), ("<f2", .float16, false), (">f8", .float64, true),
        ("|i1", .int8, false), (">i4", .int32, true), ("<u8", .uint64, false),
        ("<c8", .complex64, false), ("<c16", .complex128, false), (">u1", .uint8, false),
    ])
    func `element types and byte orders`(descr: String, type: DType, big: Bool) throws {
        let bytes = npy(
            "{'descr':'\(descr)','fortran_order':True,'shape':()}",
            payload: Array(repeating: 1, count: type.itemSize))
        let tensor = try #require(try TensorFile(bytes: bytes, format: .npy).tensors.first)
        #expect(tensor.dtype == type)
        #expect((tensor.byteOrder == .big) == big)
        #expect(tensor.layout == .columnMajor)
        #expect(tensor.shape.isEmpty)
    }

    @Test(arguments: [
        ("()", []), ("(3,)", [3]), ("( 3 , 4 )", [3, 4]), ("(0,5)", [0, 5]), ("(2L, 1,)", [2, 1]),
    ])
    func `shapes as Python writes them`(text: String, shape: [Int]) throws {
        let bytes = npy(
            "{\"shape\": \(text), \"fortran_order\": False, \"descr\": \"|u1\"}",
            payload: Array(repeating: 0, count: shape.reduce(1, *)))
        #expect(try TensorFile(bytes: bytes, format: .npy).tensors.first?.shape == shape)
    }

    @Test(arguments: [
        "", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
        "{'descr': '|u\\x31', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "__import__('os').system('true')",
    ])
    func `a malformed header is refused`(dictionary: String) {
        #expect(code(npy(dictionary, payload: [1, 2, 3]), .npy) == .malformedHeader)
    }

    @Test(arguments: ["|V2", "<V2", "|S5", "<U3", "|O", "<f16", "<M8[ns]", "u1", "|f4"])
    func `an element type without a name here is refused, not relabelled`(descr: String) {
        let bytes = npy("{'descr': '\(descr)', 'fortran_order': False, 'shape': (1,)}")
        #expect(code(bytes, .npy) == .unsupportedDType)
    }

    @Test func `structured types are refused`() {
        let bytes = npy("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}")
        #expect(code(bytes, .npy) == .unsupportedDType)
    }

    @Test func `sizes are checked against the file`() {
        let header = "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}"
        #expect(code(npy(header, payload: [1, 2, 3]), .npy) == .truncated)
        #expect(code(npy(header, payload: [1, 2, 3, 4, 5]), .npy) == .sizeMismatch)
        #expect(code(npy(header, payload: [1, 2, 3, 4]), .npy) == nil)
        let huge = "{'descr': '<u2', 'fortran_order': False, 'shape': (\(Int.max), 0, 3)}"
        #expect(code(npy(huge), .npy) == .sizeMismatch)
        let many = "(\(Array(repeating: "1", count: 65).joined(separator: ",")))"
        #expect(
            code(npy("{'descr': '|u1', 'fortran_order': False, 'shape': \(many)}"), .npy)
                == .limitExceeded)
    }

    @Test func `a cut file is an error wherever it is cut`() {
        let whole = npy(
            "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}", payload: [1, 2, 3, 4])
        for count in 0..<whole.count {
            #expect(code(Array(whole[..<count]), .npy) != nil)
        }
    }

    @Test func `a header length beyond the limit is refused before anything is read`() {
        let bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF]
        #expect(code(bytes, .npy) == .limitExceeded)
        #expect(code(Array("PK\u{3}\u{4}not numpy".utf8), .npy) == .unknownFormat)
        #expect(code([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0], .npy) == .malformedHeader)
    }
}
