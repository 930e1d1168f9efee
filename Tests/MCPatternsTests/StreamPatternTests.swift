import Testing

@testable import MCPatterns
@testable import MCPool

/// STREAM, and ROUTER with peers that speak no ZMTP.
@Suite(.timeLimit(.minutes(3)))
struct StreamPatternTests {
    private func connect(
        _ bench: Bench<some Pattern>, sendHighWaterMark: Int = 1000, chosen: String? = nil
    ) throws -> Pipe {
        try bench.connect(raw: true, chosen: chosen, sendHighWaterMark: sendHighWaterMark)
    }

    @Test func bytesByID() throws {
        let bench = try Bench(Stream(seed: 1))
        #expect(bench.pattern.isRaw)
        let (a, b) = (try connect(bench), try connect(bench, chosen: "B"))
        #expect(a.pointee.routingID == [0, 0, 0, 0, 2])
        #expect(bench.pattern.lastRoutingID == a.pointee.routingID)
        bench.arrive(["from a"], at: a)
        #expect(try bench.receive() == ["\0\0\0\0\u{2}", "from a"])
        #expect(try bench.send(["\0\0\0\0\u{2}", "to"]))
        #expect(try bench.send(["\0\0\0\0\u{2}", " a"]))
        #expect(try bench.send(["B", "to b"]))
        #expect(bench.sentBytes(to: a) == "to a")
        #expect(bench.sentBytes(to: b) == "to b")
        #expect(code { _ = try bench.send(["C", "?"]) } == .hostUnreachable)
        #expect(code { _ = try bench.send(["B"]) } == .invalidMessage)
        #expect(code { _ = try bench.send(["B", "1", "2"]) } == .invalidMessage)
        #expect(try bench.pattern.hasPeer(known: Array("B".utf8)))
        #expect(try !bench.pattern.hasPeer(known: Array("C".utf8)))
    }

    @Test func aFullPeerBlocks() throws {
        let bench = try Bench(Stream(seed: 1))
        let pipe = try connect(bench, sendHighWaterMark: 2, chosen: "A")
        for text in ["1", "2"] {
            #expect(try bench.admits("A"))
            #expect(try bench.send(["A", text]))
        }
        #expect(try !bench.admits("A"))
        #expect(try !bench.send(["A", "3"]))
        #expect(bench.pattern.isReadyToSend())
        #expect(bench.sentBytes(to: pipe) == "12")
        #expect(try bench.send(["A", "3"]))
        #expect(code { _ = try bench.admits("C") } == .hostUnreachable)
    }

    /// Nothing at all ends the connection, also when it is full, and what it has brought.
    @Test func endingAConnection() throws {
        let bench = try Bench(Stream(seed: 1))
        let pipe = try connect(bench, sendHighWaterMark: 1, chosen: "A")
        #expect(try bench.send(["A", "last"]))
        bench.arrive(["unread"], at: pipe)
        #expect(try bench.send(["A", ""]))
        #expect(try bench.receive() == nil)
        bench.arrive(["late"], at: pipe)
        #expect(try bench.receive() == nil)
        #expect(code { _ = try bench.send(["A", "?"]) } == .hostUnreachable)
        #expect(bench.sentBytes(to: pipe) == "last")
        bench.lose(pipe)
        #expect(try !bench.pattern.hasPeer(known: Array("A".utf8)))
    }

    /// A dialled connection keeps its id while it is away, an accepted one is gone.
    @Test func goingAndComing() throws {
        let bench = try Bench(Stream(seed: 7))
        let pipe = try connect(bench)
        let id = pipe.pointee.routingID
        bench.pattern.disconnected(pipe)
        pipe.learnRoutingID([])
        #expect(bench.pattern.connected(pipe))
        #expect(pipe.pointee.routingID == id)
        #expect(try bench.pattern.hasPeer(known: id))
        bench.lose(pipe)
        #expect(try !bench.pattern.hasPeer(known: id))
    }

    @Test func notices() throws {
        let stream = Stream(seed: 1)
        #expect(stream.peerNotices == [.connected, .disconnected])
        stream.tellsOfPeers = false
        #expect(stream.peerNotices == [])
        let router = Router(seed: 1)
        #expect(router.peerNotices == [])
        router.toldOfPeers = .disconnected
        #expect(router.peerNotices == .disconnected)
        router.isRaw = true
        #expect(router.peerNotices == [.connected, .disconnected])
        #expect(Dealer().peerNotices == [])
    }

    @Test func rawRouter() throws {
        let bench = try Bench(Router(seed: 1))
        bench.pattern.isRaw = true
        let pipe = try connect(bench, sendHighWaterMark: 2)
        let id = "\0\0\0\0\u{2}"
        #expect(pipe.pointee.routingID == [0, 0, 0, 0, 2])
        #expect(try bench.send([id, "a"]))
        #expect(try bench.send([id, "b"]))
        // Dropped, as a ROUTER does.
        #expect(try bench.send([id, "c"]))
        bench.pattern.isMandatory = true
        #expect(try !bench.send([id, "d"]))
        #expect(try !bench.admits(id))
        #expect(bench.sentBytes(to: pipe) == "ab")
        #expect(code { _ = try bench.send([id, "1", "2"]) } == .invalidMessage)
        #expect(try bench.send([id, ""]))
        #expect(code { _ = try bench.send([id, "e"]) } == .hostUnreachable)
    }

    // MARK: Routing ids of a ROUTER

    @Test func chosenIDs() throws {
        let bench = try Bench(Router(seed: 1))
        let pipe = bench.makePipe()
        pipe.choose(Array("A".utf8))
        #expect(bench.pattern.attach(pipe))
        // At once, and while the peer is away.
        #expect(try bench.send(["A", "early"]))
        pipe.learnRoutingID(Array("other".utf8))
        #expect(bench.pattern.connected(pipe))
        bench.arrive(["hi"], at: pipe)
        #expect(try bench.receive() == ["A", "hi"])
        bench.pattern.disconnected(pipe)
        #expect(try bench.send(["A", "late"]))
        #expect(bench.sent(to: pipe) == [["early"], ["late"]])
        let rival = bench.makePipe(routingID: Array("A".utf8))
        #expect(bench.pattern.attach(rival) && !bench.pattern.connected(rival))
        bench.pattern.handsOver = true
        #expect(bench.pattern.connected(rival))
        #expect(try bench.send(["A", "to the rival"]))
        #expect(bench.sent(to: rival) == [["to the rival"]])
        #expect(pipe.pointee.routingID.first == 0 && !pipe.pointee.hasChosenRoutingID)
        #expect(code { _ = try Push().hasPeer(known: [1]) } == .notSupported)
    }

    /// Nobody can announce an id of those that are made up; one that was made up stays.
    @Test func announcedIDs() throws {
        let bench = try Bench(Router(seed: 1))
        let pipe = bench.makePipe()
        #expect(bench.pattern.attach(pipe))
        pipe.learnRoutingID([0, 9])
        #expect(bench.pattern.connected(pipe))
        #expect(pipe.pointee.routingID == [0, 0, 0, 0, 2])
        bench.pattern.disconnected(pipe)
        #expect(try !bench.pattern.hasPeer(known: pipe.pointee.routingID))
        pipe.learnRoutingID([])
        #expect(bench.pattern.connected(pipe))
        #expect(pipe.pointee.routingID == [0, 0, 0, 0, 2])
        pipe.learnRoutingID([65])
        #expect(pipe.pointee.routingID == [65])
    }

    /// Nobody may be sent to whose endpoint is being disconnected, although it connects once more.
    @Test func partingPeersAreUnreachable() throws {
        let bench = try Bench(Router(seed: 1))
        bench.pattern.isMandatory = true
        let pipe = bench.makePipe(routingID: [65])
        #expect(bench.pattern.attach(pipe))
        pipe.pointee.isSendClosed = true
        bench.pattern.closeSending(pipe)
        #expect(bench.pattern.connected(pipe))
        #expect(code { _ = try bench.send(["A", "?"]) } == .hostUnreachable)
        bench.arrive(["last"], at: pipe)
        #expect(try bench.receive() == ["A", "last"])
    }
}

/// Whether a message that begins so would be taken.
@Suite(.timeLimit(.minutes(3)))
struct AdmissionTests {
    @Test func whoTakesTurns() throws {
        let push = try Bench(Push())
        #expect(try !push.admits("x"))
        _ = try push.connect(sendHighWaterMark: 1)
        #expect(try push.admits("x"))
        #expect(try push.send(["x"]))
        #expect(try !push.admits("x"))
        #expect(code { _ = try Bench(Pull()).admits("x") } == .notSupported)
        #expect(code { _ = try Bench(Sub()).admits("x") } == .notSupported)
        let pair = try Bench(Pair())
        #expect(try !pair.admits("x"))
        _ = try pair.connect(sendHighWaterMark: 1)
        #expect(try pair.admits("x"))
    }

    @Test func lockstep() throws {
        let req = try Bench(Req())
        #expect(try !req.admits("x"))
        _ = try req.connect()
        #expect(try req.admits("x"))
        #expect(try req.send(["x"]))
        #expect(code { _ = try req.admits("x") } == .invalidState)
        req.pattern.isRelaxed = true
        #expect(try req.admits("x"))
        let rep = try Bench(Rep())
        let asker = try rep.connect()
        #expect(code { _ = try rep.admits("x") } == .invalidState)
        rep.arrive(["", "ask"], at: asker)
        #expect(try rep.receive() == ["ask"])
        #expect(try rep.admits("x"))
        #expect(try rep.send(["x"]))
    }

    @Test func routers() throws {
        let bench = try Bench(Router(seed: 1))
        #expect(try bench.admits("A"))
        bench.pattern.isMandatory = true
        #expect(code { _ = try bench.admits("A") } == .hostUnreachable)
        _ = try bench.connect(sendHighWaterMark: 1, routingID: [65])
        #expect(try bench.admits("A"))
        #expect(try bench.send(["A", "x"]))
        #expect(try !bench.admits("A"))
    }

    /// Of those who want it.
    @Test func publishers() throws {
        let bench = try Bench(Pub())
        let full = try bench.connect(sendHighWaterMark: 1)
        var prefix = "a"
        prefix.withUTF8 {
            bench.pattern.subscription(UnsafeRawBufferPointer($0), add: true, from: full)
        }
        #expect(try bench.send(["a"]))
        #expect(try bench.admits("a"))
        bench.pattern.waitsForRoom = true
        #expect(try !bench.admits("a"))
        #expect(try bench.admits("b"))
        bench.pattern.invertsMatching = true
        #expect(try bench.admits("a"))
        #expect(try !bench.admits("b"))
        // To have asked changes nothing.
        bench.pattern.invertsMatching = false
        bench.pattern.waitsForRoom = false
        #expect(bench.sent(to: full) == [["a"]])
        #expect(try bench.send(["b"]))
        #expect(bench.sent(to: full) == [])
    }
}
