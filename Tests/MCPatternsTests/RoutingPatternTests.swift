import MCPool
import Testing

@testable import MCPatterns

/// ROUTER and PAIR (RFC 28, 31).
@Suite(.timeLimit(.minutes(3)))
struct RoutingPatternTests {
    @Test func routesByID() throws {
        let bench = try Bench(Router(seed: 1))
        let a = try bench.connect(routingID: [65])
        let b = try bench.connect(routingID: [66])
        bench.arrive(["hello", ""], at: a)
        #expect(try bench.receive() == ["A", "hello", ""])
        #expect(try bench.send(["B", "to b"]))
        #expect(try bench.send(["A", "to", "a"]))
        #expect(bench.sent(to: a) == [["to", "a"]])
        #expect(bench.sent(to: b) == [["to b"]])
        #expect(code { _ = try bench.send(["A"]) } == .invalidMessage)
    }

    @Test func unknownAndFullPeers() throws {
        let bench = try Bench(Router(seed: 1))
        #expect(try bench.send(["nobody", "lost"]))
        #expect(bench.pattern.isReadyToSend())
        let full = try bench.connect(sendHighWaterMark: 1, routingID: [65])
        for index in 0..<3 { #expect(try bench.send(["A", "\(index)"])) }
        #expect(bench.sent(to: full) == [["0"]])
    }

    @Test func generatedIDs() throws {
        let bench = try Bench(Router(seed: .max))
        var ids: Set<[UInt8]> = []
        for _ in 0..<300 {
            let id = try bench.connect().pointee.routingID
            #expect(id.count == 5 && id[0] == 0)
            ids.insert(id)
        }
        #expect(ids.count == 300)
    }

    @Test func duplicates() throws {
        let bench = try Bench(Router(seed: 1))
        let first = try bench.connect(routingID: [65])
        let second = bench.makePipe(routingID: [65])
        #expect(bench.pattern.attach(second))
        #expect(!bench.pattern.connected(second))
        bench.pattern.detach(second)
        #expect(try bench.send(["A", "first"]))
        #expect(bench.sent(to: first) == [["first"]])
        // The same peer again is no duplicate.
        #expect(bench.pattern.connected(first))
        bench.lose(first)
        #expect(try bench.send(["A", "lost"]))
        let third = try bench.connect(routingID: [65])
        #expect(try bench.send(["A", "third"]))
        #expect(bench.sent(to: third) == [["third"]])
    }

    /// What a peer sent before it went is received under its name.
    @Test func lastWords() throws {
        let bench = try Bench(Router(seed: 1))
        let pipe = try bench.connect(routingID: [65])
        bench.arrive(["last", "words"], at: pipe)
        bench.pattern.closeSending(pipe)
        bench.pattern.disconnected(pipe)
        #expect(try bench.receive() == ["A", "last", "words"])
        bench.pattern.detach(pipe)
    }

    // MARK: PAIR

    @Test func onePeer() throws {
        let bench = try Bench(Pair())
        #expect(try !bench.send(["nobody"]))
        let first = try bench.connect(sendHighWaterMark: 2)
        let second = bench.makePipe()
        #expect(!bench.pattern.attach(second))
        for _ in 0..<2 { #expect(try bench.send(["x"])) }
        #expect(try !bench.send(["full"]))
        #expect(bench.sent(to: first).count == 2)
        bench.arrive(["hello"], at: first)
        #expect(try bench.receive() == ["hello"])
        bench.lose(first)
        #expect(!bench.pattern.isReadyToSend())
        #expect(bench.pattern.attach(second))
        #expect(try bench.send(["y"]))
        #expect(bench.sent(to: second) == [["y"]])
    }

    /// A next peer may come while the last words of this one wait.
    @Test func lastWordsOfAPair() throws {
        let bench = try Bench(Pair())
        let first = try bench.connect()
        bench.arrive(["last"], at: first)
        bench.pattern.closeSending(first)
        let second = try bench.connect()
        bench.arrive(["first"], at: second)
        #expect(try bench.receive() == ["last"])
        #expect(try bench.receive() == ["first"])
        bench.pattern.detach(first)
        #expect(try bench.send(["still"]))
        #expect(bench.sent(to: second) == [["still"]])
    }
}

/// PUB and SUB (RFC 29).
@Suite(.timeLimit(.minutes(3)))
struct PublishPatternTests {
    private func subscribe(_ bench: Bench<Pub>, _ pipe: Pipe, _ prefix: String, add: Bool = true) {
        var prefix = prefix
        prefix.withUTF8 {
            bench.pattern.subscription(UnsafeRawBufferPointer($0), add: add, from: pipe)
        }
    }

    @Test func onlyWhoAsked() throws {
        let bench = try Bench(Pub())
        let pipes = try (0..<3).map { _ in try bench.connect() }
        subscribe(bench, pipes[0], "a")
        subscribe(bench, pipes[0], "ab")
        subscribe(bench, pipes[1], "")
        #expect(try bench.send(["abc", "body"]))
        #expect(try bench.send(["x"]))
        // Once, also for two prefixes that match.
        #expect(bench.sent(to: pipes[0]) == [["abc", "body"]])
        #expect(bench.sent(to: pipes[1]) == [["abc", "body"], ["x"]])
        #expect(bench.sent(to: pipes[2]) == [])
    }

    @Test func cancelling() throws {
        let bench = try Bench(Pub())
        let pipe = try bench.connect()
        subscribe(bench, pipe, "t", add: false)
        subscribe(bench, pipe, "t")
        subscribe(bench, pipe, "t", add: false)
        #expect(try bench.send(["t"]))
        #expect(bench.sent(to: pipe) == [])
    }

    @Test func fullPeersMissMessages() throws {
        let bench = try Bench(Pub())
        let slow = try bench.connect(sendHighWaterMark: 1)
        let quick = try bench.connect()
        for pipe in [slow, quick] { subscribe(bench, pipe, "") }
        for index in 0..<3 { #expect(try bench.send(["\(index)"])) }
        #expect(bench.sent(to: slow) == [["0"]])
        #expect(bench.sent(to: quick) == [["0"], ["1"], ["2"]])
        #expect(bench.pattern.isReadyToSend())
    }

    /// Subscriptions die with the connection, and with the pipe.
    @Test func theDeadWantNothing() throws {
        let bench = try Bench(Pub())
        let dialled = try bench.connect()
        let gone = try bench.connect()
        let there = try bench.connect()
        for pipe in [dialled, gone, there] { subscribe(bench, pipe, "") }
        bench.pattern.disconnected(dialled)
        bench.lose(gone)
        #expect(try bench.send(["x"]))
        #expect(bench.sent(to: dialled) == [])
        #expect(bench.sent(to: there) == [["x"]])
    }

    /// The form that ZMTP 3.0 peers and sockets of the process use.
    @Test func subscriptionsAsMessages() throws {
        let bench = try Bench(Pub())
        let pipe = try bench.connect()
        bench.arrive(["\u{1}t"], at: pipe)
        bench.arrive(["nonsense"], at: pipe)
        bench.arrive([""], at: pipe)
        #expect(try bench.send(["t1"]))
        bench.arrive(["\u{0}t"], at: pipe)
        #expect(try bench.send(["t2"]))
        #expect(bench.sent(to: pipe) == [["t1"]])
        #expect(code { _ = try bench.receive() } == .notSupported)
    }

    // MARK: SUB

    @Test func subscriptionsAreCounted() throws {
        let bench = try Bench(Sub())
        let pipe = try bench.connect()
        let prefix = Array("t".utf8)
        func arrives() throws -> Bool {
            bench.arrive(["topic"], at: pipe)
            return try bench.receive() != nil
        }
        #expect(try !arrives())
        try bench.pattern.subscribe(prefix, add: true)
        try bench.pattern.subscribe(prefix, add: true)
        #expect(try arrives())
        try bench.pattern.subscribe(prefix, add: false)
        #expect(try arrives())
        try bench.pattern.subscribe(prefix, add: false)
        #expect(try !arrives())
        #expect(code { try bench.pattern.subscribe(prefix, add: false) } == .invalidState)
        #expect(code { _ = try bench.send(["x"]) } == .notSupported)
    }

    /// What does not match is skipped, and is no reason to be called ready.
    @Test func readyMeansAMatch() throws {
        let bench = try Bench(Sub())
        let pipe = try bench.connect()
        try bench.pattern.subscribe(Array("yes".utf8), add: true)
        bench.arrive(["no"], at: pipe)
        bench.arrive(["no", "yes"], at: pipe)
        #expect(!bench.pattern.isReadyToReceive())
        bench.arrive(["yes", "no"], at: pipe)
        #expect(bench.pattern.isReadyToReceive())
        #expect(try bench.receive() == ["yes", "no"])
        #expect(try bench.receive() == nil)
    }
}
