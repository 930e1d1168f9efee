import Glibc
import MCCodec
import MCTensorFiles
import Testing

private func isWritable(_ dtype: DType) -> Bool {
    TensorFile.format(for: StoredTensor(name: "", dtype: dtype, shape: [])) != nil
}

@Suite struct `Written files` {
    private let folder: String

    init() throws {
        var template = Array("/tmp/mc-tensor-files-XXXXXX".utf8CString)
        // Safe because the template is a C string, which is changed in place.
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func roundTrip(_ tensor: StoredTensor, _ bytes: [UInt8], suffix: String) throws {
        let path = "\(folder)/\(tensor.name).\(suffix)"
        defer { unsafe unlink(path) }
        try unsafe TensorFile.write(tensor, payload: bytes.span.bytes, path: path)
        let file = try TensorFile(path: path)
        var read = try #require(file.tensors.first)
        #expect(payload(file, read) == bytes)
        #expect(read.byteRange.lowerBound % 8 == 0)
        read.byteRange = 0..<0
        #expect(read == tensor)
        unsafe #expect(access("\(path).\(getpid()).part", F_OK) != 0)
    }

    @Test(arguments: DType.allCases.filter(isWritable))
    func `read back what was written`(type: DType) throws {
        defer { unsafe rmdir(folder) }
        for shape in [[], [0], [3], [2, 3], [1, 2, 3, 4, 5]] {
            let tensor = StoredTensor(name: "x", dtype: type, shape: shape)
            let count = try #require(tensor.expectedByteCount)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let format = try #require(TensorFile.format(for: tensor))
            try roundTrip(tensor, bytes, suffix: format.rawValue)
        }
    }

    @Test func `order and layout survive in npy`() throws {
        defer { unsafe rmdir(folder) }
        let tensor = StoredTensor(
            name: "x", dtype: .int16, shape: [2, 2], layout: .columnMajor, byteOrder: .big)
        try roundTrip(tensor, Array(0..<8), suffix: "npy")
    }

    @Test func `a name that needs escapes survives in safetensors`() throws {
        defer { unsafe rmdir(folder) }
        let tensor = StoredTensor(name: "a\"b\\c\n\u{1}é😀", dtype: .uint8, shape: [1])
        let path = "\(folder)/x.safetensors"
        defer { unsafe unlink(path) }
        let bytes: [UInt8] = [1]
        try unsafe TensorFile.write(tensor, payload: bytes.span.bytes, path: path)
        #expect(try TensorFile(path: path).tensors.first?.name == tensor.name)
    }

    @Test func `a file large enough to be mapped`() throws {
        defer { unsafe rmdir(folder) }
        let bytes = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let tensor = StoredTensor(name: "large", dtype: .uint8, shape: [3, 1 << 20])
        try roundTrip(tensor, bytes, suffix: "npy")
        try roundTrip(tensor, bytes, suffix: "safetensors")
    }

    @Test func `what cannot be said is refused and leaves no file`() throws {
        defer { unsafe rmdir(folder) }
        func code(_ tensor: StoredTensor, _ bytes: [UInt8], _ path: String) -> TensorFileError.Code?
        {
            do throws(TensorFileError) {
                try unsafe TensorFile.write(tensor, payload: bytes.span.bytes, path: path)
                return nil
            } catch {
                return error.code
            }
        }
        let brain = StoredTensor(name: "b", dtype: .bfloat16, shape: [1])
        #expect(code(brain, [1, 2], "\(folder)/b.npy") == .notExpressible)
        #expect(code(brain, [1], "\(folder)/b.safetensors") == .sizeMismatch)
        #expect(code(brain, [1, 2], "\(folder)/b.txt") == .unknownFormat)
        #expect(code(brain, [1, 2], "\(folder)/no/such/b.safetensors") == .cannotWrite)
        let wide = StoredTensor(name: "c", dtype: .complex128, shape: [0])
        #expect(code(wide, [], "\(folder)/c.safetensors") == .notExpressible)
        #expect(throws: TensorFileError.self) { try TensorFile(path: "\(folder)/missing.npy") }
        #expect(throws: TensorFileError.self) { try TensorFile(path: folder) }
    }
}
