import MCCodec
import MCTestSupport
import Testing

/// Feeds `bytes` in pieces; gives the greeting and what was not consumed.
private func decode(
    _ bytes: [UInt8], piece: Int = 64
) throws(CodecError) -> (greeting: Greeting?, rest: [UInt8]) {
    var decoder = GreetingDecoder()
    var rest = bytes
    while !rest.isEmpty {
        let front = Array(rest.prefix(piece))
        let consumed = try decoder.receive(front.rawSpan)
        if consumed == 0 { break }
        rest.removeFirst(consumed)
    }
    return (decoder.greeting, rest)
}

/// How many bytes it takes until `bytes` are refused, and why.
private func refusal(_ bytes: [UInt8]) -> (count: Int, error: CodecError)? {
    var decoder = GreetingDecoder()
    for (index, byte) in bytes.enumerated() {
        do { _ = try decoder.receive([byte].rawSpan) } catch { return (index + 1, error) }
    }
    return nil
}

@Suite struct GreetingTests {
    @Test func `our greeting is libzmq's`() throws {
        #expect(try Greeting(mechanism: "NULL").encoded() == vector("greeting-null-3.1"))
    }

    @Test(arguments: [1, 2, 3, 7, 63, 64, 100])
    func `a greeting is read from pieces of any size`(piece: Int) throws {
        let bytes = try vector("greeting-null-3.1")
        let (greeting, rest) = try decode(bytes + [4, 5, 6], piece: piece)
        #expect(greeting == (try Greeting(mechanism: "NULL")))
        #expect(rest == [4, 5, 6])
    }

    @Test func `versions above 3_1 count as 3_1`() throws {
        var bytes = try vector("greeting-null-3.0")
        #expect(try decode(bytes).greeting?.version == .v3_0)
        #expect(ZMTPVersion.v3_0.negotiated == .v3_0)
        for (major, minor) in [(3, 1), (3, 2), (3, 255), (4, 0), (255, 255)] as [(UInt8, UInt8)] {
            (bytes[10], bytes[11]) = (major, minor)
            let version = try #require(try decode(bytes).greeting?.version)
            #expect(version == ZMTPVersion(major: major, minor: minor))
            #expect(version.negotiated == .v3_1)
        }
        #expect(ZMTPVersion.v3_1.description == "3.1")
    }

    @Test func `padding and filler mean nothing`() throws {
        var bytes = try vector("greeting-null-3.1")
        for index in Array(1...8) + Array(33..<64) { bytes[index] = 0xa5 }
        #expect(try decode(bytes).greeting == Greeting(mechanism: "NULL"))
    }

    @Test func `mechanism and role are read`() throws {
        let greeting = try decode(vector("greeting-plain-server")).greeting
        #expect(greeting == (try Greeting(mechanism: "PLAIN", asServer: true)))
        let longest = try Greeting(mechanism: "ABCDEFGHIJ-_.+012345")
        #expect(try decode(longest.encoded()).greeting == longest)
    }

    @Test(arguments: ["", "null", "A B", "ABCDEFGHIJKLMNOPQRSTU", "NÜLL"])
    func `a mechanism with another name cannot be announced`(name: String) {
        #expect(
            code { () throws(CodecError) in _ = try Greeting(mechanism: name) }
                == .invalidMechanismName)
    }

    @Test func `old peers are told apart`() throws {
        let second = try #require(refusal(vector("greeting-2.0")))
        #expect(second.error.code == .peerSpeaksZMTP2)
        #expect(second.count == 11)
        let first = try #require(refusal(vector("greeting-1.0")))
        #expect(first.error.code == .peerSpeaksZMTP1)
        #expect(first.count == 2)
        let long: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 1, 0, 0]
        #expect(refusal(long)?.error.code == .peerSpeaksZMTP1)
        var zero = try vector("greeting-null-3.1")
        zero[10] = 0
        #expect(refusal(zero)?.error.code == .peerSpeaksZMTP1)
        zero[10] = 2
        #expect(refusal(zero)?.error.code == .peerSpeaksZMTP2)
    }

    @Test func `garbage is refused as soon as it can be known`() throws {
        let http = try #require(refusal(Array("GET / HTTP/1.1\r\n\r\n".utf8)))
        #expect(http.error.code == .notZMTP)
        #expect(http.count == 2)
        #expect(http.error.message.contains("47 45"))
        #expect(refusal([0x16, 0x03, 0x01, 0x02])?.count == 2)  // TLS
        #expect(refusal([0])?.error.code == .notZMTP)
        #expect(refusal([0xff] + [UInt8](repeating: 0, count: 8) + [0x7e])?.count == 10)
        #expect(refusal([UInt8](repeating: 0xff, count: 64))?.count == 10)
    }

    @Test func `malformed fields are refused at their byte`() throws {
        let good = try vector("greeting-null-3.1")
        for (index, octet) in [(12, 0), (12, 0x6e), (14, 0x20), (17, 0x41), (31, 1)] {
            var bytes = good
            bytes[index] = UInt8(octet)
            let found = try #require(refusal(bytes))
            #expect(found.error.code == .invalidMechanismName)
            #expect(found.count == index + 1)
        }
        var bytes = good
        bytes[32] = 2
        #expect(refusal(bytes)?.error.code == .malformedGreeting)
        #expect(refusal(bytes)?.count == 33)
    }

    @Test func `random bytes never trap, and pieces do not matter`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<3_000 {
            var bytes = random.bytes(Int.random(in: 0...80, using: &random))
            if Bool.random(using: &random), let good = try? vector("greeting-null-3.1") {
                bytes = good
                bytes[Int.random(in: 0..<64, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            let piece = Int.random(in: 1...20, using: &random)
            let whole = Result { () throws(CodecError) in try decode(bytes) }
            let split = Result { () throws(CodecError) in try decode(bytes, piece: piece) }
            switch (whole, split) {
            case (.success(let left), .success(let right)):
                #expect(left.greeting == right.greeting && left.rest == right.rest)
            case (.failure(let left), .failure(let right)):
                #expect(left == right)
            default:
                Issue.record("pieces of \(piece) change what \(bytes) are")
            }
        }
    }
}
