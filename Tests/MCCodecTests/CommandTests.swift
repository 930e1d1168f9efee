import MCCodec
import MCTestSupport
import Testing

private func frame(_ command: Command) throws(CodecError) -> [UInt8] {
    var bytes: [UInt8] = []
    try command.encode(into: &bytes)
    return bytes
}

private func metadata(_ properties: [(String, String)]) throws(CodecError) -> Metadata {
    var metadata = Metadata()
    for (name, value) in properties { try metadata.append(name, Array(value.utf8)) }
    return metadata
}

private let lol = Array("LOL".utf8)
private let prefix = Array("AB".utf8)

@Suite struct CommandTests {
    @Test func `every command has the bytes of its vector`() throws {
        let dealer = try metadata([("Socket-Type", "DEALER"), ("Identity", "")])
        let router = try metadata([("Socket-Type", "ROUTER")])
        let vectors: [(String, Command)] = [
            ("ready-dealer", .ready(dealer)),
            ("ready-router", .ready(router)),
            ("ping", .ping(ttlTenths: 0, context: lol)),
            ("ping-ttl", .ping(ttlTenths: 15, context: [])),
            ("pong", .pong(context: lol)),
            ("subscribe", .subscribe(prefix: prefix)),
            ("cancel", .cancel(prefix: prefix)),
            ("subscribe-long", .subscribe(prefix: [UInt8](repeating: 0, count: 250))),
            ("error", .error(reason: Array("400".utf8))),
            ("join", .join(group: prefix)),
            ("leave", .leave(group: prefix)),
        ]
        for (name, command) in vectors {
            let bytes = try vector(name)
            #expect(try frame(command) == bytes, "\(name)")
            #expect(try decodeCommand(body(ofFrame: bytes, flags: .command)) == command)
        }
    }

    @Test func `the short forms of PING and PONG are the general ones`() throws {
        var bytes: [UInt8] = []
        Command.encodePing(ttlTenths: 15, into: &bytes)
        #expect(try bytes == vector("ping-ttl"))
        bytes = []
        Command.encodePong(context: lol, into: &bytes)
        #expect(try bytes == vector("pong"))
        bytes = []
        Command.encodePong(context: [UInt8](repeating: 1, count: 17), into: &bytes)
        #expect(bytes.count == 2 + 5 + 16)
    }

    @Test func `a context that is too long is cut when read and refused when written`() throws {
        let body = Array("\u{4}PING\0\0".utf8) + [UInt8](repeating: 0x7a, count: 60)
        let context = [UInt8](repeating: 0x7a, count: 16)
        #expect(try decodeCommand(body) == .ping(ttlTenths: 0, context: context))
        #expect(
            code { () throws(CodecError) in
                _ = try frame(.pong(context: context + [1]))
            } == .valueTooLong)
    }

    @Test func `what cannot be written is refused`() {
        #expect(
            code { () throws(CodecError) in
                _ = try frame(.error(reason: [UInt8](repeating: 0x41, count: 256)))
            } == .valueTooLong)
        for name in ["", "X-Y", String(repeating: "A", count: 256), "É"] {
            #expect(
                code { () throws(CodecError) in
                    _ = try frame(.unknown(name: name, data: []))
                } == .malformedCommand)
        }
    }

    @Test func `unknown commands keep their bytes`() throws {
        let command = Command.unknown(name: "HELLO", data: [0, 1, 2])
        #expect(try decodeCommand(body(ofFrame: frame(command), flags: .command)) == command)
        #expect(command.name == "HELLO")
        // The case of a command's name counts.
        #expect(try decodeCommand(Array("\u{4}ping".utf8)).name == "ping")
    }

    @Test(arguments: [
        "", "\0", "\u{5}PING", "\u{4}PIN1", "\u{4}PING", "\u{4}PING\0", "\u{5}ERROR",
        "\u{5}ERROR\u{2}a", "\u{5}ERROR\u{1}ab",
    ])
    func `malformed commands are refused`(body: String) {
        #expect(
            code { () throws(CodecError) in
                _ = try decodeCommand(Array(body.utf8))
            } == .malformedCommand)
    }

    @Test func `names of properties know no case`() throws {
        let properties = try metadata([("Socket-Type", "PUB"), ("X-a.b+c_1", "")])
        #expect(properties["socket-TYPE"] == Array("PUB".utf8))
        #expect(properties["x-A.b+C_1"] == [])
        #expect(properties["Identity"] == nil)
        #expect(properties.properties.map(\.name) == ["Socket-Type", "X-a.b+c_1"])
        #expect(properties.description == "[Socket-Type=PUB, X-a.b+c_1=]")
        var bytes: [UInt8] = []
        properties.encode(into: &bytes)
        #expect(bytes.count == properties.encodedByteCount)
    }

    @Test(arguments: ["", "A B", "A:", "É", String(repeating: "n", count: 256)])
    func `a property with another name is refused`(name: String) {
        #expect(
            code { () throws(CodecError) in
                _ = try metadata([(name, "")])
            } == .malformedMetadata)
    }

    @Test func `a property stands once`() throws {
        #expect(
            code { () throws(CodecError) in
                _ = try metadata([("a", "1"), ("A", "2")])
            } == .malformedMetadata)
        let bytes: [UInt8] = [1, 0x61, 0, 0, 0, 0, 1, 0x41, 0, 0, 0, 0]
        #expect(
            code { () throws(CodecError) in
                _ = try Metadata(decoding: bytes.rawSpan)
            } == .malformedMetadata)
    }

    @Test func `metadata that is cut or lies about lengths is refused`() throws {
        let ready = try body(ofFrame: vector("ready-dealer"), flags: .command)
        // Behind the name, and between the two properties, there is nothing wrong.
        for cut in 7..<ready.count where cut != 28 {
            #expect(
                code { () throws(CodecError) in
                    _ = try decodeCommand(Array(ready.prefix(cut)))
                } == .malformedMetadata, "cut at \(cut)")
        }
        for size in [[0, 0, 0, 1], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff]] {
            let bytes = [1, 0x61] + size.map { UInt8($0) }
            #expect(
                code { () throws(CodecError) in
                    _ = try Metadata(decoding: bytes.rawSpan)
                } == .malformedMetadata)
        }
    }

    @Test func `what is decoded from mutated frames is encoded to the same bytes`() throws {
        var random = SeededGenerator(seed: 2)
        let names = ["ready-dealer", "ping", "pong", "subscribe", "cancel", "error"]
        let bodies = try names.map { try body(ofFrame: vector($0), flags: .command) }
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = bodies[round % bodies.count]
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            guard let command = acceptedCommand(bytes) else { continue }
            accepted += 1
            if case .ping(_, let context) = command, bytes.count > 7 + context.count { continue }
            if case .pong(let context) = command, bytes.count > 5 + context.count { continue }
            #expect(try body(ofFrame: frame(command), flags: .command) == bytes)
        }
        #expect(accepted > 1_000)
        for _ in 0..<5_000 {
            _ = acceptedCommand(random.bytes(Int.random(in: 0...40, using: &random)))
        }
    }
}

@Suite struct SubscriptionTests {
    @Test func `the form follows the peer's version`() throws {
        var bytes: [UInt8] = []
        Subscription(isSubscribe: true, prefix: prefix).encode(for: .v3_1, into: &bytes)
        #expect(try bytes == vector("subscribe"))
        bytes = []
        Subscription(isSubscribe: false, prefix: prefix).encode(for: .v3_1, into: &bytes)
        #expect(try bytes == vector("cancel"))
        bytes = []
        Subscription(isSubscribe: true, prefix: prefix).encode(for: .v3_0, into: &bytes)
        #expect(bytes == [0, 3, 1, 0x41, 0x42])
        bytes = []
        Subscription(isSubscribe: false, prefix: []).encode(for: .v3_0, into: &bytes)
        #expect(bytes == [0, 1, 0])
        bytes = []
        let long = Subscription(isSubscribe: true, prefix: [UInt8](repeating: 7, count: 255))
        long.encode(for: .v3_0, into: &bytes)
        #expect(bytes.prefix(10) == [2, 0, 0, 0, 0, 0, 0, 1, 0, 1])
        let message = try body(ofFrame: bytes, flags: [])
        #expect(Subscription(messageBody: message.rawSpan) == long)
    }

    @Test func `both forms are read, and other things are none`() throws {
        let wish = Subscription(isSubscribe: true, prefix: prefix)
        #expect(Subscription(messageBody: [1, 0x41, 0x42].rawSpan) == wish)
        #expect(Subscription(.subscribe(prefix: prefix)) == wish)
        #expect(Subscription(.cancel(prefix: prefix))?.isSubscribe == false)
        #expect(Subscription(messageBody: [0].rawSpan)?.isSubscribe == false)
        #expect(Subscription(messageBody: [2, 0x41].rawSpan) == nil)
        #expect(Subscription(messageBody: [UInt8]().rawSpan) == nil)
        #expect(Subscription(.pong(context: [])) == nil)
    }

    @Test func `a wish for a group has the bytes of its command`() throws {
        for (name, isJoin) in [("join", true), ("leave", false)] {
            let request = GroupRequest(isJoin: isJoin, group: prefix)
            var bytes: [UInt8] = []
            request.encode(into: &bytes)
            #expect(try bytes == vector(name))
            let read = request.body.withUnsafeBytes { body in
                GroupRequest.parse(body).map { ($0.isJoin, [UInt8]($0.group)) }
            }
            #expect(read?.0 == isJoin)
            #expect(read?.1 == prefix)
        }
        for other in ["", "\u{4}", "\u{4}JOI", "\u{5}JOIN", "JOIN", "\u{5}LEAV"] {
            #expect(Array(other.utf8).withUnsafeBytes { GroupRequest.parse($0) == nil })
        }
    }
}
