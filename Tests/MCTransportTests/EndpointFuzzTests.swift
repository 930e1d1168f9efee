import MCTestSupport
import MCTransport
import Testing

/// Random texts, made of the pieces that the grammar is made of so that they come close to it.
@Suite struct EndpointFuzzTests {
    static let pieces = [
        "tcp", "ipc", "inproc", "rdma", "ws", "://", ":", "/", "//", "[", "]", "[::1]", "*", "@",
        ";", "%", "0", "80", "65535", "65536", "-1", "localhost", "127.0.0.1", "::", "\0", " ",
        "\u{301}", "\u{1F600}", "é", "\r\n", ".", "-", "_", String(repeating: "a", count: 300),
    ]

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `No text traps, and what is accepted reads back the same`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...7, using: &random))
                .compactMap { _ in Self.pieces.randomElement(using: &random) }.joined()
            do throws(TransportError) {
                let endpoint = try Endpoint(text)
                accepted += 1
                #expect(endpoint.description == text || endpoint.description == "tcp://" + text)
                #expect((try? Endpoint(endpoint.description)) == endpoint)
                #expect(endpoint.scheme.hasPort == (endpoint.port != nil))
                #expect(endpoint.scheme.hasPort != endpoint.host.isEmpty)
                #expect(!endpoint.address.utf8.contains(0))
            } catch {
                #expect(error.code == .invalidEndpoint || error.code == .unsupportedTransport)
                #expect(!error.message.isEmpty)
            }
        }
        #expect(accepted > 0)
    }

    @Test func `Random bytes do not trap`() {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<5000 {
            let count = Int.random(in: 0...40, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let prefix = Bool.random(using: &random) ? "tcp://" : ""
            _ = try? Endpoint(prefix + String(decoding: bytes, as: UTF8.self))
        }
    }
}
