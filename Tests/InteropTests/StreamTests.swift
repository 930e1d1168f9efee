import MCFacade
import Testing

/// STREAM against libzmq's, and against a program that has never heard of either; and ROUTER with what
/// libzmq calls its raw mode, its notices and its chosen routing ids.
@Suite(.mayBlock, .timeLimit(.minutes(2)))
struct StreamTests {
    private let folder: TestFolder
    private let peer: PythonPeer

    init() throws {
        folder = try TestFolder()
        peer = try PythonPeer()
    }

    /// The peer's answer with as many bytes as were asked for.
    private func gather(_ socket: some ReceivingSocket, _ count: Int) throws -> [UInt8] {
        var gathered: [UInt8] = []
        while gathered.count < count {
            let parts = try socket.receive().parts
            try #require(parts.count == 2 && !parts[1].isEmpty)
            gathered += parts[1]
        }
        return gathered
    }

    @Test(arguments: Setting.all)
    func streams(setting: Setting) throws {
        let stream = try StreamSocket(options: .bounded { $0.lingerMilliseconds = -1 })
        defer { stream.close() }
        try peer.ask("open", "s", "STREAM")
        try setting.join(stream, peer, "s", in: folder)
        let ours = try stream.receive().parts
        #expect(ours == [stream.lastRoutingID, []])
        let theirs = try peer.ask("recv", "s", "5000")
        #expect(theirs.count == 2 && theirs[0].hasPrefix("x00") && theirs[1] == "x")
        try stream.send(parts: [ours[0], Payload.bytes("=hello")])
        #expect(try peer.ask("recv", "s", "5000") == [theirs[0]] + Payload.words(["=hello"]))
        // Much, both ways.
        for size in [8193, 3_000_000] {
            for start in stride(from: 0, to: size, by: 251 * 400) {
                let piece = Payload.generated(min(251 * 400, size - start), 0)
                try stream.send(parts: [ours[0], piece])
            }
            #expect(try peer.ask("gather", "s", "\(size)") == [theirs[0], "\(size):0"])
            try peer.ask("send", "s", theirs[0], "\(size):7")
            #expect(try Payload.word(gather(stream, size)) == "\(size):7")
        }
        // They close, or we do.
        if setting.weBind {
            try peer.ask("send", "s", theirs[0], "x")
            try peer.ask("recv", "s", "50")
            #expect(try stream.receive().parts == [ours[0], []])
        } else {
            try stream.send(parts: [ours[0], Payload.bytes("=bye")])
            try stream.closeConnection(ours[0])
            #expect(try peer.ask("recv", "s", "5000") == [theirs[0]] + Payload.words(["=bye"]))
            #expect(try peer.ask("recv", "s", "5000") == [theirs[0], "x"])
        }
        #expect(try stream.tryReceive() == nil)
    }

    /// A page for an HTTP client.
    @Test func servesAPage() throws {
        let stream = try StreamSocket(options: .bounded { _ in })
        defer { stream.close() }
        try peer.begin("fetch", try stream.bind(folder.endpoint(.tcp)))
        let id = try stream.receive().parts[0]
        var request = ""
        while !request.hasSuffix("\r\n\r\n") {
            let parts = try stream.receive().parts
            try #require(parts[0] == id && !parts[1].isEmpty)
            request += String(decoding: parts[1], as: UTF8.self)
        }
        let path = request.split(separator: " ")[1]
        let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nX-Path: \(path)\r\n\r\n"
        try stream.send(parts: [id, Array(head.utf8)])
        // Its end is the connection's.
        try stream.send(parts: [id, Payload.generated(500_000, 3)])
        try stream.closeConnection(id)
        #expect(try peer.answer() == ["200", "/page", "500000:3"])
    }

    @Test(arguments: Setting.all)
    func ourStreamTheirRawRouter(setting: Setting) throws {
        let stream = try StreamSocket(options: .bounded { _ in })
        defer { stream.close() }
        try peer.ask("open", "s", "ROUTER", "ROUTER_RAW=1")
        try setting.join(stream, peer, "s", in: folder)
        let id = try stream.receive().parts[0]
        try stream.send(parts: [id, Payload.bytes("=raw")])
        let theirs = try peer.ask("recv", "s", "5000")
        #expect(theirs[1] == "x")
        #expect(try peer.ask("recv", "s", "5000") == [theirs[0]] + Payload.words(["=raw"]))
        try peer.ask("send", "s", theirs[0], "=back")
        #expect(try stream.receive().parts == [id, Payload.bytes("=back")])
    }

    @Test(arguments: Setting.all)
    func ourRawRouterTheirStream(setting: Setting) throws {
        let router = try RouterSocket(options: .bounded { _ in })
        router.isRaw = true
        defer { router.close() }
        try peer.ask("open", "s", "STREAM")
        try setting.join(router, peer, "s", in: folder)
        let id = try router.receive().parts[0]
        let theirs = try peer.ask("recv", "s", "5000")
        try peer.ask("send", "s", theirs[0], "=raw")
        #expect(try router.receive().parts == [id, Payload.bytes("=raw")])
        try router.send(parts: [id, Payload.bytes("=back")])
        #expect(try peer.ask("recv", "s", "5000") == [theirs[0]] + Payload.words(["=back"]))
    }

    /// Our STREAM speaks ZMTP with a DEALER of libzmq's, byte by byte.
    @Test func theirDealer() throws {
        let stream = try StreamSocket(options: .bounded { _ in })
        defer { stream.close() }
        try peer.ask("open", "s", "DEALER")
        try peer.ask("connect", "s", try stream.bind(folder.endpoint(.tcp)))
        try peer.ask("send", "s", "=Hello")
        let id = try stream.receive().parts[0]
        #expect(try gather(stream, 10).starts(with: [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]))
        var greeting: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]
        greeting += Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
        let ready = Array(
            "\u{05}READY\u{0b}Socket-Type\0\0\0\u{06}ROUTER\u{08}Identity\0\0\0\0".utf8)
        try stream.send(parts: [id, greeting + [4, UInt8(ready.count)] + ready])
        // The rest of their greeting, READY, and the message.
        let rest = try gather(stream, 54 + 43 + 7)
        #expect(rest.suffix(7) == [0, 5] + Array("Hello".utf8))
        try stream.send(parts: [id, [0, 5] + Array("World".utf8)])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=World"]))
    }

    // MARK: ROUTER

    @Test(arguments: Setting.Transport.allCases)
    func chosenRoutingIDs(transport: Setting.Transport) throws {
        let router = try RouterSocket(options: .bounded { $0.routingID = Array("ours".utf8) })
        defer { router.close() }
        try peer.ask("open", "s", "ROUTER", "ROUTING_ID==theirs")
        let endpoint = try peer.ask("bind", "s", folder.endpoint(transport))[0]
        try router.connect(endpoint, peerRoutingID: Array("chosen".utf8))
        try router.send(words: ["=chosen", "=hello"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=ours", "=hello"]))
        try peer.ask("send", "s", "=ours", "=back")
        #expect(try router.receiveWords() == Payload.words(["=chosen", "=back"]))
        // And theirs with ours.
        let bound = try RouterSocket(options: .bounded { _ in })
        defer { bound.close() }
        try peer.ask("open", "t", "ROUTER", "ROUTING_ID==t", "CONNECT_ROUTING_ID==us")
        try peer.ask("connect", "t", try bound.bind(TestFolder().endpoint(.tcp)))
        try peer.ask("send", "t", "=us", "=hello")
        #expect(try bound.receiveWords() == Payload.words(["=t", "=hello"]))
        try bound.send(words: ["=t", "=back"])
        #expect(try peer.ask("recv", "t", "5000") == Payload.words(["=us", "=back"]))
    }

    @Test(arguments: Setting.all)
    func notices(setting: Setting) throws {
        let router = try RouterSocket(options: .bounded { _ in })
        router.peerNotices = [.connected, .disconnected]
        defer { router.close() }
        try peer.ask("open", "s", "DEALER", "ROUTING_ID==X")
        try setting.join(router, peer, "s", in: folder)
        #expect(try router.receiveWords() == Payload.words(["=X", "="]))
        try peer.ask("send", "s", "=last")
        try router.send(words: ["=X", "=received"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=received"]))
        try peer.ask("close", "s")
        #expect(try router.receiveWords() == Payload.words(["=X", "=last"]))
        #expect(try router.receiveWords() == Payload.words(["=X", "="]))
    }
}
