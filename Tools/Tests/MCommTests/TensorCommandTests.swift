import Glibc
import MCCodec
import MCTensorFiles
import MCommSupport
import Testing

@Suite struct `Tensors between files` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var endpoint: String { "ipc://\(folder.path)/socket" }

    /// Two files with three tensors; one is large enough to be mapped, one has a type that .npy lacks.
    private func makeFiles() throws -> [String] {
        let large = StoredTensor(name: "large", dtype: .float32, shape: [600, 1000])
        let bytes = (0..<2_400_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let first = "\(folder.path)/large.npy"
        try unsafe TensorFile.write(large, payload: bytes.span.bytes, path: first)
        let brain = StoredTensor(name: "bfloat", dtype: .bfloat16, shape: [2, 1, 3])
        let few: [UInt8] = Array(0..<12)
        let second = "\(folder.path)/brain.safetensors"
        try unsafe TensorFile.write(brain, payload: few.span.bytes, path: second)
        return [first, second]
    }

    @Test(arguments: [
        ["push", "pull"], ["pub", "sub"], ["pair", "pair"], ["req", "rep"], ["rep", "req"],
        ["dealer", "dealer"], ["dealer", "router"], ["router", "dealer", "--ask"],
        ["req", "router"],
    ])
    func `every pattern carries them`(pattern: [String]) throws {
        let files = try makeFiles()
        let out = try TemporaryFolder()
        // The receiver binds: then a publisher that connects has its subscriptions within the delay.
        var receive = try Tool(
            ["tensors", "receive", "--pattern", pattern[1], "--bind", endpoint, "--count", "2"]
                + ["--timeout", "20000", "--out", out.path]
                + files.flatMap { ["--expect", $0] } + pattern.dropFirst(2))
        _ = try receive.line(after: boundPrefix)
        let send = try Tool.run(
            ["tensors", "send", "--pattern", pattern[0], "--connect", endpoint, "--delay"]
                + [pattern[0] == "pub" ? "500" : "0"] + files)
        #expect(send.status == 0, "\(send.lines)")
        let outcome = receive.finish()
        #expect(outcome.status == 0, "\(outcome.lines)")
        #expect(outcome.lines.first?.hasPrefix("large\tfloat32[600, 1000]\t2400000 B") == true)
        #expect(try TensorFile(path: "\(out.path)/large.npy").tensors.first?.shape == [600, 1000])
        #expect(
            try TensorFile(path: "\(out.path)/bfloat.safetensors").tensors.first?.dtype == .bfloat16
        )
    }

    @Test func `a difference is status 2`() throws {
        let files = try makeFiles()
        var receive = try Tool([
            "tensors", "receive", "--bind", endpoint, "--count", "1", "--expect", files[0],
        ])
        #expect(try Tool.run(["tensors", "send", "--connect", endpoint, files[1]]).status == 0)
        let outcome = receive.finish()
        #expect(outcome.status == 2)
        #expect(outcome.lines.last?.contains("'bfloat' was not expected") == true)
    }

    @Test func `five dimensions are refused before anything is sent`() throws {
        let wide = StoredTensor(name: "wide", dtype: .uint8, shape: [1, 1, 1, 1, 2])
        let path = "\(folder.path)/wide.npy"
        let bytes: [UInt8] = [1, 2]
        try unsafe TensorFile.write(wide, payload: bytes.span.bytes, path: path)
        let good = try makeFiles()
        var receive = try Tool([
            "tensors", "receive", "--bind", endpoint, "--timeout", "500", "--quiet",
        ])
        let send = try Tool.run(["tensors", "send", "--connect", endpoint] + good + [path])
        #expect(send.status == 1)
        #expect(send.lines.last?.contains("a tensor of 5 dimensions; at most 4") == true)
        #expect(receive.finish().status == 3)
    }

    @Test func `a message that is no tensor is status 2`() throws {
        var receive = try Tool(["tensors", "receive", "--bind", endpoint, "--quiet"])
        _ = try Tool.run(["push", "--connect", endpoint, "hello"])
        #expect(receive.finish().status == 2)
    }

    @Test func `a name from the wire stays in its folder`() throws {
        let path = "\(folder.path)/x.safetensors"
        let bytes: [UInt8] = [1]
        try unsafe TensorFile.write(
            StoredTensor(name: "../../evil", dtype: .uint8, shape: [1]),
            payload: bytes.span.bytes, path: path)
        let out = try TemporaryFolder()
        var receive = try Tool([
            "tensors", "receive", "--bind", endpoint, "--count", "2", "--out", out.path,
        ])
        _ = try Tool.run(["tensors", "send", "--connect", endpoint, path, path])
        #expect(receive.finish().status == 0)
        // Safe because the path is passed as a C string that lives for the call.
        #expect(unsafe access("\(out.path)/_.._.._evil.npy", R_OK) == 0)
        #expect(unsafe access("\(out.path)/_.._.._evil-2.npy", R_OK) == 0)
    }
}
