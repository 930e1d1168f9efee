import MCCodec
import MCTensorFiles
import Testing

@Suite struct `The demo's data set` {
    @Test func `it is what its README says`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try TensorFile(path: "/\(root)/Data/digits.npy")
        let digits = try #require(file.tensors.first)
        #expect(digits.shape == [1797, 8, 8])
        #expect(digits.dtype == .uint8)
        let bytes = payload(file, digits)
        #expect(bytes.max() == 16)
        #expect(bytes.reduce(0) { $0 + Int($1) } == 561_718)
    }
}
