import MCCodec
import MCTensorFiles
import MCommSupport
import Testing

@Suite(.serialized) struct `The demo` {
    @Test func `every tensor of the digits arrives under every pattern`() throws {
        let outcome = try Tool.run(["demo", "--json"], seconds: 200)
        #expect(outcome.status == 0, "\(outcome.lines)")
        let results = outcome.lines.filter { $0.hasPrefix("{") }
        #expect(results.count == 12)
        for result in results {
            #expect(result.contains("\"differences\":[]"))
            // 1,797 digits, 21 times; each of two subscribers gets all of them.
            let count = result.contains("PUB") ? 2 * 37_737 : 37_737
            #expect(result.contains("\"messages\":\(count)"))
        }
    }

    @Test func `one flipped byte makes every line fail`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/small.safetensors"
        let bytes: [UInt8] = Array(0..<24)
        try unsafe TensorFile.write(
            StoredTensor(name: "x", dtype: .int16, shape: [3, 4]), payload: bytes.span.bytes,
            path: path)
        let outcome = try Tool.run(["demo", "--corrupt", path], seconds: 120)
        #expect(outcome.status == 2)
        #expect(outcome.lines.filter { $0.contains("FAILED") }.count == 12)
        #expect(outcome.lines.contains { $0.contains("arrived as int16[3, 4] with digest") })
    }

    @Test func `a file that is none is an error`() throws {
        #expect(try Tool.run(["demo", "/no/such/file.npy"]).status == 1)
    }
}
