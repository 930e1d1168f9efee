import MCCodec
import MCSecurity
import MCTestSupport
import Testing

@Suite struct HandshakeTests {
    @Test func `two of us agree`() throws {
        var dealer = try Side("DEALER", identity: Array("me".utf8))
        var router = try Side("ROUTER")
        #expect(dealer.output.count == 64)
        dealer.receive(router.takeOutput())
        router.receive(dealer.takeOutput())
        dealer.receive(router.takeOutput())
        let client = try #require(router.peer)
        let server = try #require(dealer.peer)
        #expect(client.socketType == "DEALER" && client.identity == Array("me".utf8))
        #expect(server.socketType == "ROUTER" && server.identity == [])
        #expect(client.version == .v3_1 && server.version == .v3_1)
        #expect(client.metadata["identity"] == Array("me".utf8))
        #expect(dealer.output == [] && router.output == [])
    }

    @Test func `only the types that libzmq lets tell their identity do so`() throws {
        for type in SocketCompatibility.socketTypes {
            let local = try LocalPeer(socketType: type, identity: [1, 2])
            let properties = try local.properties()
            let tells = ["REQ", "DEALER", "ROUTER"].contains(type)
            #expect(properties["Identity"] == (tells ? [1, 2] : nil))
            #expect(properties["Socket-Type"] == Array(type.utf8))
        }
    }

    @Test func `our READY is libzmq's`() throws {
        // The bytes that libzmq's test_heartbeats expects of a DEALER.
        var side = try Side("DEALER")
        _ = side.takeOutput()
        side.receive(try greeting())
        let dealer: [UInt8] =
            [4, 41, 5] + Array("READY".utf8) + [11]
            + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8) + [8]
            + Array("Identity".utf8) + [0, 0, 0, 0]
        #expect(side.output == dealer)
    }

    @Test func `READY waits for the whole greeting and not for more`() throws {
        var side = try Side("PULL")
        _ = side.takeOutput()
        let bytes = try greeting()
        side.receive(Array(bytes.prefix(63)))
        #expect(side.output == [])
        side.receive([bytes[63]])
        #expect(side.output.starts(with: [4, 26, 5]))
        #expect(side.peer == nil)
    }

    @Test(arguments: [(3, 0), (3, 1), (3, 9), (4, 0)] as [(UInt8, UInt8)])
    func `older and newer peers are answered`(major: UInt8, minor: UInt8) throws {
        var side = try Side("PUB")
        side.receive(
            try greeting(major: major, minor: minor) + ready([("Socket-Type", "SUB")]))
        #expect(side.peer?.version == ((major, minor) == (3, 0) ? .v3_0 : .v3_1))
    }

    @Test func `what follows the handshake is left alone`() throws {
        var side = try Side("PUB")
        let subscribe = try frame(.subscribe(prefix: [0x41]))
        side.receive(try greeting() + ready([("socket-type", "XSUB")]) + subscribe)
        #expect(side.peer?.socketType == "XSUB")
        #expect(side.traffic == subscribe)
        var output: [UInt8] = []
        let consumed = try side.handshake.receive(subscribe.rawSpan, output: &output)
        #expect(consumed == 0 && output == [])
    }

    @Test func `metadata of one's own arrives`() throws {
        var metadata = Metadata()
        try metadata.append("X-Note", Array("hello".utf8))
        var one = try Side(LocalPeer(socketType: "PAIR", metadata: metadata))
        var other = try Side("PAIR")
        one.receive(other.takeOutput())
        other.receive(one.takeOutput())
        #expect(other.peer?.metadata["x-note"] == Array("hello".utf8))
    }

    @Test func `a long READY comes in a long frame`() throws {
        var metadata = Metadata()
        try metadata.append("X-Long", [UInt8](repeating: 7, count: 60_000))
        var one = try Side(LocalPeer(socketType: "PAIR", metadata: metadata))
        var other = try Side("PAIR")
        one.receive(other.takeOutput())
        other.receive(one.takeOutput())
        #expect(other.peer?.metadata["X-Long"]?.count == 60_000)
    }

    @Test func `any split of the bytes gives the same handshake`() throws {
        var random = SeededGenerator(seed: 11)
        let pairs = [("PUSH", "PULL"), ("DEALER", "ROUTER"), ("REQ", "REP"), ("SUB", "XPUB")]
        for round in 0..<400 {
            let (left, right) = pairs[round % pairs.count]
            let identity = (0..<Int.random(in: 0...255, using: &random)).map { UInt8($0) }
            let lengths = (0..<600).map { _ in Int.random(in: 1...40, using: &random) }
            var next = lengths.makeIterator()
            var one = try Side(left, identity: identity)
            var other = try Side(right)
            while !one.output.isEmpty || !other.output.isEmpty {
                one.receive(other.takeOutput()) { next.next() ?? 1 }
                other.receive(one.takeOutput()) { next.next() ?? 1 }
            }
            let peer = try #require(other.peer)
            #expect(one.peer?.socketType == right && peer.socketType == left)
            #expect(
                peer.identity == (SocketCompatibility.announcesIdentity(left) ? identity : []))
        }
    }

    @Test func `mutated bytes end in the same state however they are split`() throws {
        var random = SeededGenerator(seed: 12)
        let good = try greeting() + ready([("Socket-Type", "PUSH"), ("X-a", "b")]) + [0, 1, 9]
        for _ in 0..<4_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                // Mostly in the READY: the greeting has tests of its own.
                let start = Int.random(in: 0...9, using: &random) == 0 ? 0 : 64
                let index = Int.random(in: start..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            var whole = try Side("PULL")
            whole.receive(bytes)
            var split = try Side("PULL")
            split.receive(bytes) { Int.random(in: 1...9, using: &random) }
            #expect(whole.handshake.state == split.handshake.state, "\(bytes)")
            #expect(whole.output == split.output && whole.error == split.error)
            #expect(whole.traffic == split.traffic)
        }
    }
}
