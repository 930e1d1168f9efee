import MCFacade
import Testing

/// Who is who for a ROUTER (RFC 28).
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct RoutingIDTests {
    static let identifiers: [[UInt8]] = [
        Array("w".utf8), [255, 0, 1], [UInt8](repeating: 9, count: 255),
    ]

    @Test(arguments: identifiers, Setting.all)
    func oursIsKnownByName(identifier: [UInt8], setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let dealer = try DealerSocket(options: .bounded { $0.routingID = identifier })
        defer { dealer.close() }
        try peer.ask("open", "s", "ROUTER", "ROUTER_MANDATORY=1")
        try setting.join(dealer, peer, "s", in: folder)
        let name = "x" + Payload.hex(identifier)
        try peer.ask("send", "s", name, "=unasked")
        #expect(try dealer.receiveWords() == Payload.words(["=unasked"]))
        try dealer.send(words: ["=hello"])
        let came = try peer.ask("recv", "s", "5000")
        #expect(came == [Payload.word(identifier)] + Payload.words(["=hello"]))
    }

    @Test(arguments: identifiers, Setting.all)
    func theirsIsKnownByName(identifier: [UInt8], setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let router = try RouterSocket(options: .bounded())
        defer { router.close() }
        try peer.ask("open", "s", "DEALER", "ROUTING_ID=x" + Payload.hex(identifier))
        try setting.join(router, peer, "s", in: folder)
        try peer.ask("send", "s", "=hello")
        #expect(
            try router.receiveWords() == [Payload.word(identifier)] + Payload.words(["=hello"]))
        try router.send(parts: [identifier, Array("answer".utf8)])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=answer"]))
    }

    /// Peers without a name get one that begins with zero, five bytes long, like libzmq's.
    @Test func namelessPeersAreTold() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let router = try RouterSocket(options: .bounded())
        defer { router.close() }
        let endpoint = try router.bind(folder.endpoint(.tcp))
        var seen: Set<String> = []
        for number in 0..<5 {
            try peer.ask("open", "s\(number)", "DEALER")
            try peer.ask("connect", "s\(number)", endpoint)
            try peer.ask("send", "s\(number)", "=from\(number)")
            let came = try router.receiveWords()
            #expect(came.count == 2)
            #expect(came.first?.hasPrefix("x00") == true)
            #expect(came.first?.utf8.count == 11)
            seen.insert(came[0])
            try router.send(words: [came[0], "=to\(number)"])
            #expect(
                try peer.ask("recv", "s\(number)", "5000") == Payload.words(["=to\(number)"]))
        }
        #expect(seen.count == 5)
    }

    @Test func ourNamelessIsNamedByRouter() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let dealer = try DealerSocket(options: .bounded())
        defer { dealer.close() }
        try peer.ask("open", "s", "ROUTER")
        try dealer.connect(try peer.ask("bind", "s", folder.endpoint(.tcp))[0])
        try dealer.send(words: ["=hello"])
        let came = try peer.ask("recv", "s", "5000")
        #expect(came.last == Payload.words(["=hello"])[0])
        try peer.ask("send", "s", came[0], "=answer")
        #expect(try dealer.receiveWords() == Payload.words(["=answer"]))
    }

    /// A name that is taken is not given to a second peer (ZMQ_ROUTER_HANDOVER is 0).
    @Test func secondOfTheSameNameIsIgnored() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let router = try RouterSocket(options: .bounded())
        defer { router.close() }
        let endpoint = try router.bind(folder.endpoint(.tcp))
        for name in ["first", "second"] {
            try peer.ask("open", name, "DEALER", "ROUTING_ID==same")
            try peer.ask("connect", name, endpoint)
            if name == "first" {
                try peer.ask("send", name, "=hello")
                #expect(try router.receiveWords() == Payload.words(["=same", "=hello"]))
            }
        }
        try peer.ask("send", "second", "=lost")
        try peer.ask("send", "first", "=again")
        #expect(try router.receiveWords() == Payload.words(["=same", "=again"]))
        try router.send(words: ["=same", "=answer"])
        #expect(try peer.ask("recv", "first", "5000") == Payload.words(["=answer"]))
        #expect(try peer.ask("recv", "second", "50") == ["none"])
        #expect(try router.tryReceiveWords() == nil)
    }

    /// What nobody can take is dropped (RFC 28), and hurts nobody else.
    @Test func unknownReceiverIsDropped() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let router = try RouterSocket(options: .bounded())
        defer { router.close() }
        try router.send(words: ["=nobody", "=lost"])
        try peer.ask("open", "s", "DEALER", "ROUTING_ID==known")
        try peer.ask("connect", "s", try router.bind(folder.endpoint(.tcp)))
        try peer.ask("send", "s", "=hello")
        _ = try router.receiveWords()
        try router.send(words: ["=nobody", "=lost"])
        try router.send(words: ["=known", "=found"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=found"]))
    }
}
