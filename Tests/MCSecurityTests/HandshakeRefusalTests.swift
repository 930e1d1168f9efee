import MCCodec
import MCSecurity
import Testing

@Suite struct HandshakeRefusalTests {
    @Test func `types that do not fit are refused by both names`() throws {
        var side = try Side("PUSH")
        side.receive(try greeting())
        _ = side.takeOutput()
        side.receive(try ready([("Socket-Type", "PUSH")]))
        #expect(side.error?.code == .incompatibleSocketTypes)
        #expect(side.error?.message == "a PUSH socket cannot talk to the peer's PUSH socket")
        let sent = "a-PUSH-socket-cannot-talk-to-the-peer's-PUSH-socket"
        #expect(reason(inError: side.output) == sent)
    }

    @Test func `the compatibility table is RFC 37's`() {
        let legal = [
            "REQ": "REP ROUTER", "REP": "REQ DEALER", "DEALER": "REP DEALER ROUTER",
            "ROUTER": "REQ DEALER ROUTER", "PUB": "SUB XSUB", "XPUB": "SUB XSUB",
            "SUB": "PUB XPUB", "XSUB": "PUB XPUB", "PUSH": "PULL", "PULL": "PUSH",
            "PAIR": "PAIR", "CLIENT": "SERVER", "SERVER": "CLIENT", "RADIO": "DISH",
            "DISH": "RADIO", "SCATTER": "GATHER", "GATHER": "SCATTER", "PEER": "PEER",
            "CHANNEL": "CHANNEL",
        ]
        #expect(SocketCompatibility.socketTypes == legal.keys.sorted())
        for (type, peers) in legal {
            let names = peers.split(separator: " ").map(String.init)
            #expect(SocketCompatibility.peers(of: type) == names)
            for other in legal.keys {
                #expect(
                    SocketCompatibility.areCompatible(type, other)
                        == SocketCompatibility.areCompatible(other, type))
            }
        }
        #expect(SocketCompatibility.peers(of: "push").isEmpty)
    }

    @Test(arguments: ["", "pull", "STREAM", "PULL\0", "PÜLL"])
    func `unknown types are refused`(type: String) throws {
        var side = try Side("PUSH")
        side.receive(try greeting() + ready([("Socket-Type", type)]))
        #expect(side.error?.code == .incompatibleSocketTypes)
    }

    @Test func `another mechanism is refused by both names, and no READY is sent`() throws {
        var side = try Side("PULL")
        _ = side.takeOutput()
        side.receive(try Greeting(mechanism: "PLAIN").encoded())
        #expect(side.error?.code == .mechanismMismatch)
        #expect(side.error?.message == "the peer wants the mechanism PLAIN, we want NULL")
        #expect(side.output == [])
    }

    @Test func `other protocols are refused by name`() throws {
        let peers: [([UInt8], SecurityError.Code)] = [
            (Array("GET / HTTP/1.1\r\n".utf8), .notZMTP), ([4, 0, 0x61], .unsupportedVersion),
            ([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5], .unsupportedVersion),
            ([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 0], .protocolViolation),
        ]
        for (bytes, code) in peers {
            var side = try Side("PULL")
            _ = side.takeOutput()
            side.receive(bytes)
            #expect(side.error?.code == code)
            #expect(side.error?.cause != nil)
            #expect(side.output == [])
        }
    }

    @Test func `a peer's ERROR is passed on and not answered`() throws {
        var side = try Side("PULL")
        side.receive(try greeting())
        _ = side.takeOutput()
        side.receive(try frame(.error(reason: Array("400\u{1b}[2J".utf8))))
        #expect(side.error?.code == .refusedByPeer)
        #expect(side.error?.message == "the peer refuses the connection: \"400?[2J\"")
        #expect(side.output == [])
    }

    @Test func `what is no handshake is refused`() throws {
        let long = [UInt8(6), 0, 0, 0, 0, 0, 1, 0, 1]
        let inputs: [[UInt8]] = [
            [0, 1, 0x41], [1, 1, 0x41], [5], [8], long, [4, 0], [4, 1, 0], [4, 5, 4, 1, 2, 3, 4],
            try frame(.ping(ttlTenths: 0, context: [])), try ready([]),
            try ready([("Identity", "me")]),
            try ready([("Socket-Type", "PUSH"), ("Identity", String(repeating: "i", count: 256))]),
        ]
        for input in inputs {
            var side = try Side("PULL")
            side.receive(try greeting())
            _ = side.takeOutput()
            side.receive(input)
            #expect(side.error?.code == .protocolViolation, "\(input)")
            #expect(reason(inError: side.output) != nil, "\(input)")
        }
    }

    @Test func `an error stays`() throws {
        var side = try Side("PULL")
        side.receive([0])
        let error = try #require(side.error)
        #expect(side.handshake.state == .failed(error))
        _ = side.takeOutput()
        side.error = nil
        side.receive(try greeting())
        #expect(side.error == error)
        #expect(side.output == [])
    }

    @Test func `what cannot be sent about oneself is refused`() throws {
        var foreign = Metadata()
        try foreign.append("identity", [])
        var large = Metadata()
        try large.append("X", [UInt8](repeating: 0, count: 65_500))
        let cases: [(String, [UInt8], Metadata)] = [
            ("push", [], Metadata()), ("STREAM", [], Metadata()),
            ("DEALER", [UInt8](repeating: 1, count: 256), Metadata()),
            ("DEALER", [], foreign), ("DEALER", [], large),
        ]
        for (type, identity, metadata) in cases {
            do {
                _ = try LocalPeer(socketType: type, identity: identity, metadata: metadata)
                Issue.record("accepted \(type)")
            } catch {
                #expect(error.code == .invalidLocalPeer)
            }
        }
    }
}
