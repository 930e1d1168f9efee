import MCFacade
import Testing

/// XPUB, XSUB and what REQ and ROUTER do when asked to, against libzmq.
@Suite(.mayBlock, .timeLimit(.minutes(2)))
struct ExtendedTests {
    private let folder: TestFolder
    private let peer: PythonPeer

    init() throws {
        folder = try TestFolder()
        peer = try PythonPeer()
    }

    /// libzmq tells a new peer of its subscriptions when its user does something.
    private func notice(_ xpub: XPubSocket) throws {
        try eventually("their subscription arrives") {
            try peer.ask("recv", "s", "10")
            return try xpub.events().contains(.canReceive)
        }
    }

    @Test(arguments: Setting.all)
    func ourXPubTheirSub(setting: Setting) throws {
        let xpub = try XPubSocket(options: .bounded { _ in })
        defer { xpub.close() }
        try peer.ask("open", "s", "SUB")
        try peer.ask("subscribe", "s", "=a")
        try setting.join(xpub, peer, "s", in: folder)
        try notice(xpub)
        #expect(try xpub.receive().bytes() == [1, 0x61])
        try xpub.send("a1")
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=a1"]))
        try peer.ask("unsubscribe", "s", "=a")
        #expect(try xpub.receive().bytes() == [0, 0x61])
    }

    @Test(arguments: Setting.all)
    func ourXPubTheirXSub(setting: Setting) throws {
        let xpub = try XPubSocket(options: .bounded { _ in })
        xpub.verbosity = .all
        defer { xpub.close() }
        try peer.ask("open", "s", "XSUB")
        try peer.ask("send", "s", "x0161")
        try setting.join(xpub, peer, "s", in: folder)
        try notice(xpub)
        #expect(try xpub.receive().parts == [[1, 0x61]])
        try peer.ask("send", "s", "x0161")
        try peer.ask("send", "s", "=up", "=stream")
        #expect(try xpub.receive().parts == [[1, 0x61]])
        #expect(try xpub.receive().parts == [Array("up".utf8), Array("stream".utf8)])
        try xpub.send(parts: [Array("a".utf8), Array("down".utf8)])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=a", "=down"]))
    }

    @Test(arguments: Setting.all)
    func ourXSubTheirXPub(setting: Setting) throws {
        let xsub = try XSubSocket(options: .bounded { _ in })
        defer { xsub.close() }
        try peer.ask("open", "s", "XPUB")
        try xsub.subscribe([0x61])
        try setting.join(xsub, peer, "s", in: folder)
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["x0161"]))
        try peer.ask("send", "s", "=b1")
        try peer.ask("send", "s", "=a1")
        #expect(try xsub.receive().string() == "a1")
        try xsub.send("upwards")
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=upwards"]))
        try xsub.unsubscribe([0x61])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["x0061"]))
    }

    @Test(arguments: Setting.all)
    func ourReqTheirRep(setting: Setting) throws {
        let req = try ReqSocket(options: .bounded { _ in })
        (req.isCorrelated, req.isRelaxed) = (true, true)
        defer { req.close() }
        try peer.ask("open", "s", "REP")
        try setting.join(req, peer, "s", in: folder)
        try req.send("unanswered")
        try req.send("answered")
        for (ask, answer) in [("=unanswered", "=late"), ("=answered", "=right")] {
            #expect(try peer.ask("recv", "s", "5000") == Payload.words([ask]))
            try peer.ask("send", "s", answer)
        }
        #expect(try req.receive().string() == "right")
    }

    @Test(arguments: Setting.all)
    func theirReqOurRep(setting: Setting) throws {
        let rep = try RepSocket(options: .bounded { _ in })
        defer { rep.close() }
        try peer.ask("open", "s", "REQ", "REQ_CORRELATE=1", "REQ_RELAXED=1")
        try setting.join(rep, peer, "s", in: folder)
        try peer.ask("send", "s", "=1")
        try peer.ask("send", "s", "=2")
        for text in ["1", "2"] {
            #expect(try rep.receive().string() == text)
            try rep.send("re\(text)")
        }
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=re2"]))
    }

    @Test(arguments: Setting.all)
    func probes(setting: Setting) throws {
        let router = try RouterSocket(options: .bounded { $0.routingID = Array("ours".utf8) })
        router.probesRouters = true
        router.isMandatory = true
        defer { router.close() }
        try peer.ask("open", "s", "ROUTER", "ROUTING_ID==theirs", "PROBE_ROUTER=1")
        try setting.join(router, peer, "s", in: folder)
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=ours", "="]))
        #expect(try router.receive().parts == [Array("theirs".utf8), []])
    }
}
