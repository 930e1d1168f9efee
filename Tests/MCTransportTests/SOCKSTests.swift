import MCTestSupport
import MCTransport
import Testing

@Suite struct SOCKSTests {
    private func negotiation(
        to destination: String = "127.0.0.1:5555", username: String = "", password: String = ""
    ) throws -> SOCKSNegotiation {
        let proxy = try SOCKSProxy(
            address: "proxy.test:1080", username: username, password: password)
        let host = try #require(try Endpoint("tcp://\(destination)").hostPort)
        return SOCKSNegotiation(proxy, to: host)
    }

    /// What a negotiation sends for these bytes, given so many at a time.
    private func answers(
        _ negotiation: inout SOCKSNegotiation, to bytes: [UInt8], pieces: Int = .max
    ) throws(TransportError) -> (output: [UInt8], taken: Int) {
        var output: [UInt8] = []
        var taken = 0
        while taken < bytes.count {
            let piece = Array(bytes[taken...].prefix(pieces))
            let count = try negotiation.receive(piece.span.bytes, output: &output)
            taken += count
            if count < piece.count || negotiation.isDone { break }
        }
        return (output, taken)
    }

    private static let success: [UInt8] = [5, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x34]

    // MARK: What is right

    /// The bytes of RFC 1928, sections 3 to 6, however they are cut.
    @Test(
        arguments: [
            ("127.0.0.1:5555", [5, 1, 0, 1, 127, 0, 0, 1, 0x15, 0xb3]),
            ("[::1]:80", [5, 1, 0, 4] + [UInt8](repeating: 0, count: 15) + [1, 0, 80]),
            ("::1:80", [5, 1, 0, 4] + [UInt8](repeating: 0, count: 15) + [1, 0, 80]),
            (
                "[fe80::2%lo]:1",
                [5, 1, 0, 4, 0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [2, 0, 1]
            ),
            ("some.name.org:65535", [5, 1, 0, 3, 13] + Array("some.name.org".utf8) + [255, 255]),
            ("lo:0;1.2.3.4:1", [5, 1, 0, 1, 1, 2, 3, 4, 0, 1]),
        ] as [(String, [UInt8])])
    func `A connection is asked for`(_ destination: String, _ request: [UInt8]) throws {
        for pieces in [1, 3, Int.max] {
            var negotiation = try negotiation(to: destination)
            #expect(negotiation.start() == [5, 1, 0])
            let (output, taken) = try answers(
                &negotiation, to: [5, 0] + Self.success + [0xff, 0], pieces: pieces)
            #expect(output == request)
            #expect(negotiation.isDone)
            // What stands behind is the peer's.
            #expect(taken == 12)
        }
    }

    /// RFC 1929.
    @Test(arguments: [
        ("someuser", "somepass"), ("u", ""), ("ü", String(repeating: "p", count: 255)),
    ])
    func `Name and password are told`(_ username: String, _ password: String) throws {
        for pieces in [1, Int.max] {
            var negotiation = try negotiation(username: username, password: password)
            #expect(negotiation.start() == [5, 1, 2])
            let first = try answers(&negotiation, to: [5, 2], pieces: pieces)
            let name = Array(username.utf8)
            let secret = Array(password.utf8)
            #expect(
                first.output == [1, UInt8(name.count)] + name + [UInt8(secret.count)] + secret)
            #expect(!negotiation.isDone)
            let second = try answers(&negotiation, to: [1, 0], pieces: pieces)
            #expect(second.output == [5, 1, 0, 1, 127, 0, 0, 1, 0x15, 0xb3])
            _ = try answers(&negotiation, to: Self.success, pieces: pieces)
            #expect(negotiation.isDone)
        }
    }

    @Test(
        arguments: [
            [4] + [UInt8](repeating: 9, count: 16), [3, 0], [3, 9] + Array("localhost".utf8),
            [3, 255] + [UInt8](repeating: 9, count: 255), [1, 1, 2, 3, 4],
        ] as [[UInt8]])
    func `A reply may have any address`(_ address: [UInt8]) throws {
        for pieces in [1, Int.max] {
            var negotiation = try negotiation()
            let bytes = [5, 0, 5, 0, 0] + address + [1, 2]
            let taken = try answers(&negotiation, to: bytes + [7], pieces: pieces).taken
            #expect(negotiation.isDone && taken == bytes.count)
            // Nothing is taken afterwards.
            #expect(try answers(&negotiation, to: [1, 2, 3]).taken == 0)
        }
    }

    // MARK: What is not

    struct Bad: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let code: TransportError.Code
        let message: String
        var username = ""

        var testDescription: String { message }
    }

    static let bad = [
        Bad(bytes: [4], code: .proxyError, message: "is not a SOCKS5 proxy"),
        Bad(bytes: [72, 84, 84, 80], code: .proxyError, message: "is not a SOCKS5 proxy"),
        Bad(bytes: [5, 0xff], code: .permissionDenied, message: "wants us to authenticate"),
        Bad(
            bytes: [5, 0xff], code: .permissionDenied, message: "takes no name and password",
            username: "u"),
        Bad(bytes: [5, 1], code: .proxyError, message: "that was not offered"),
        Bad(bytes: [5, 2], code: .proxyError, message: "that was not offered"),
        Bad(bytes: [5, 0], code: .proxyError, message: "that was not offered", username: "u"),
        Bad(
            bytes: [5, 2, 1, 1], code: .permissionDenied,
            message: "does not accept the name and password", username: "u"),
        Bad(bytes: [5, 2, 5], code: .proxyError, message: "is not a SOCKS5 proxy", username: "u"),
        Bad(bytes: [5, 0, 4], code: .proxyError, message: "is not a SOCKS5 proxy"),
        Bad(bytes: [5, 0, 5, 1], code: .proxyError, message: "failed"),
        Bad(bytes: [5, 0, 5, 2], code: .permissionDenied, message: "does not allow"),
        Bad(bytes: [5, 0, 5, 3], code: .unreachable, message: "cannot reach the network"),
        Bad(bytes: [5, 0, 5, 4], code: .unreachable, message: "cannot reach the host"),
        Bad(bytes: [5, 0, 5, 5], code: .connectionRefused, message: "was refused"),
        Bad(bytes: [5, 0, 5, 6], code: .timedOut, message: "gave up"),
        Bad(bytes: [5, 0, 5, 7], code: .proxyError, message: "does not make connections"),
        Bad(bytes: [5, 0, 5, 8], code: .proxyError, message: "type of address"),
        Bad(bytes: [5, 0, 5, 9], code: .proxyError, message: "unknown reply 9"),
        Bad(bytes: [5, 0, 5, 0, 1], code: .proxyError, message: "malformed reply"),
        Bad(bytes: [5, 0, 5, 0, 0, 2], code: .proxyError, message: "unknown type"),
        Bad(bytes: [5, 0, 5, 0, 0, 0], code: .proxyError, message: "unknown type"),
    ]

    @Test(arguments: bad)
    func `A proxy that refuses, or is none, is an error that says so`(_ row: Bad) throws {
        for pieces in [1, Int.max] {
            var negotiation = try negotiation(username: row.username)
            do throws(TransportError) {
                _ = try answers(&negotiation, to: row.bytes, pieces: pieces)
                Issue.record("it is accepted")
            } catch {
                #expect(error.code == row.code)
                #expect(error.errno != 0)
                #expect(error.message.contains(row.message), "\(error)")
                #expect(error.message.contains("proxy.test:1080"))
                #expect(error.endpoint == "tcp://proxy.test:1080")
            }
            #expect(!negotiation.isDone)
        }
    }

    @Test func `Random bytes end it or are waited behind`() throws {
        var random = SeededGenerator(seed: 1928)
        for _ in 0..<50_000 {
            var negotiation = try negotiation(username: Bool.random(using: &random) ? "u" : "")
            var bytes: [UInt8] =
                Bool.random(using: &random) ? [5, 0, 5, 0, 0] : [5, 2, 1, 0, 5, 0, 0]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    .random(in: 0...9, using: &random)
            }
            for _ in 0..<Int.random(in: 0...300, using: &random) {
                bytes.append(.random(in: 0...255, using: &random))
            }
            _ = try? answers(
                &negotiation, to: bytes, pieces: Int.random(in: 1...64, using: &random))
        }
    }

    // MARK: The proxy's address

    @Test(arguments: [
        "", "host", "host:", ":80", "host:0", "host:*", "*:80", "host:port", "a b:80", "host:80;",
        "tcp://host:80", "host:99999",
    ])
    func `An address that is none is refused`(_ text: String) {
        #expect {
            try SOCKSProxy(address: text)
        } throws: { error in
            (error as? TransportError)?.code == .invalidEndpoint
        }
    }

    @Test func `An address may say where to connect from`() throws {
        let proxy = try SOCKSProxy(address: "lo:0;[::1]:1080")
        #expect(proxy.endpoint.source?.host == "lo")
        #expect(proxy.endpoint.hostPort?.description == "[::1]:1080")
        let long = String(repeating: "x", count: 256)
        #expect(throws: TransportError.self) { try SOCKSProxy(address: "h:1", username: long) }
        #expect(throws: TransportError.self) { try SOCKSProxy(address: "h:1", password: long) }
    }
}
