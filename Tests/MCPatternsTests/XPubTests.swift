import MCPool
import Testing

@testable import MCPatterns

/// XPUB and XSUB without a connection (RFC 29, zmq_setsockopt(3)).
@Suite struct XPubTests {
    private func subscribe(_ bench: Bench<XPub>, _ prefix: String, add: Bool = true, _ pipe: Pipe) {
        unsafe Array(prefix.utf8).withUnsafeBytes {
            unsafe bench.pattern.subscription($0, add: add, from: pipe)
        }
    }

    /// What waits to be received: "+prefix" and "-prefix".
    private func news(_ bench: Bench<XPub>) throws -> [String] {
        var all: [String] = []
        while let parts = try bench.receive() {
            let text = parts.joined(separator: "|")
            switch text.utf8.first {
            case 1: all.append("+" + text.dropFirst())
            case 0: all.append("-" + text.dropFirst())
            default: all.append(text)
            }
        }
        return all
    }

    private func sent(_ bench: Bench<XPub>, _ pipe: Pipe) -> [String] {
        bench.pattern.closeSending(pipe)
        return bench.sent(to: pipe).map { $0.joined(separator: "|") }
    }

    @Test(
        arguments: zip(
            [SubscriptionVerbosity.news, .subscriptions, .all],
            [
                ["+a", "-a"], ["+a", "+a", "+a", "-a"], ["+a", "+a", "+a", "-a", "-a", "-a"],
            ]))
    func verbosity(verbosity: SubscriptionVerbosity, expected: [String]) throws {
        let bench = try Bench(XPub())
        bench.pattern.verbosity = verbosity
        let pipes = try (0..<2).map { _ in try bench.connect() }
        #expect(!bench.pattern.isReadyToReceive())
        for pipe in pipes + [pipes[0]] { subscribe(bench, "a", pipe) }
        for pipe in pipes + [pipes[0]] { subscribe(bench, "a", add: false, pipe) }
        #expect(bench.pattern.isReadyToReceive())
        #expect(try news(bench) == expected)
        #expect(!bench.pattern.isReadyToReceive())
    }

    @Test func aPeerThatGoesCancels() throws {
        let bench = try Bench(XPub())
        let pipes = try (0..<2).map { _ in try bench.connect() }
        for pipe in pipes { subscribe(bench, "both", pipe) }
        subscribe(bench, "one", pipes[0])
        #expect(try news(bench) == ["+both", "+one"])
        bench.lose(pipes[0])
        #expect(try news(bench) == ["-one"])
        bench.lose(pipes[1])
        #expect(try news(bench) == ["-both"])
    }

    @Test func manual() throws {
        let bench = try Bench(XPub())
        #expect(throws: SocketError.self) { try bench.pattern.subscribe([65], add: true) }
        bench.pattern.isManual = true
        let pipes = try (0..<2).map { _ in try bench.connect() }
        subscribe(bench, "A", pipes[0])
        subscribe(bench, "A", pipes[1])
        // A request does nothing by itself.
        #expect(try bench.send(["A1"]))
        #expect(try bench.receive() == ["\u{1}A"])
        try bench.pattern.subscribe([66], add: true)
        #expect(try bench.receive() == ["\u{1}A"])
        try bench.pattern.subscribe([67], add: true)
        for text in ["A2", "B", "C"] { #expect(try bench.send([text])) }
        #expect(sent(bench, pipes[0]) == ["B"])
        #expect(sent(bench, pipes[1]) == ["C"])
        subscribe(bench, "A", add: false, pipes[0])
        #expect(try news(bench) == ["-A"])
        try bench.pattern.subscribe([66], add: false)
        #expect(try bench.send(["B"]))
        #expect(sent(bench, pipes[0]).isEmpty)
        // Who asked last is gone: nothing happens to anybody else.
        subscribe(bench, "D", pipes[0])
        bench.lose(pipes[0])
        #expect(try news(bench) == ["+D", "-D"])
        try bench.pattern.subscribe([68], add: true)
        #expect(try bench.send(["D"]))
        #expect(sent(bench, pipes[1]).isEmpty)
    }

    @Test func welcome() throws {
        let bench = try Bench(XPub())
        bench.pattern.welcome = [87]
        let pipe = try bench.connect()
        #expect(sent(bench, pipe) == ["W"])
    }

    @Test func invertedMatching() throws {
        let bench = try Bench(XPub())
        bench.pattern.invertsMatching = true
        let pipes = try (0..<3).map { _ in try bench.connect() }
        subscribe(bench, "a", pipes[0])
        subscribe(bench, "b", pipes[1])
        #expect(try bench.send(["a1"]))
        #expect(try bench.send(["c1"]))
        #expect(sent(bench, pipes[0]) == ["c1"])
        #expect(sent(bench, pipes[1]) == ["a1", "c1"])
        #expect(sent(bench, pipes[2]) == ["a1", "c1"])
    }

    @Test func waitsForTheFullestPeer() throws {
        let bench = try Bench(XPub())
        bench.pattern.waitsForRoom = true
        let full = try bench.connect(sendHighWaterMark: 2)
        let roomy = try bench.connect()
        for pipe in [full, roomy] { subscribe(bench, "", pipe) }
        #expect(try bench.send(["1"]))
        #expect(try bench.send(["2"]))
        #expect(try !bench.send(["3"]))
        #expect(sent(bench, full) == ["1", "2"])
        #expect(try bench.send(["3"]))
        #expect(sent(bench, roomy) == ["1", "2", "3"])
    }

    /// Nobody receives, and a peer subscribes and cancels for ever: what waits stays bounded, and
    /// still adds up to the truth.
    @Test func newsIsBounded() throws {
        let bench = try Bench(XPub())
        bench.pattern.verbosity = .all
        let pipe = try bench.connect()
        for index in 0..<20_000 {
            subscribe(bench, "\(index % 700)", add: index % 1400 < 700, pipe)
        }
        subscribe(bench, "kept", pipe)
        let all = try news(bench)
        #expect(all.count <= SubscriptionNews.mostKept + 701)
        var balance: [String: Int] = [:]
        for text in all {
            balance[String(text.dropFirst()), default: 0] += text.first == "+" ? 1 : -1
        }
        #expect(balance["kept"] == 1)
        for (prefix, count) in balance where prefix != "kept" {
            let number = try #require(Int(prefix))
            // The last change of each number decides.
            let last = (0..<20_000).last { $0 % 700 == number } ?? 0
            #expect(count == (last % 1400 < 700 ? 1 : 0), "\(prefix)")
        }
    }

    @Test func upstream() throws {
        let bench = try Bench(XPub())
        let pipe = try bench.connect()
        bench.arrive(["hello", "up"], at: pipe)
        bench.arrive(["\u{1}topic"], at: pipe)
        #expect(try news(bench) == ["hello|up", "+topic"])
    }

    @Test func xsubSends() throws {
        let bench = try Bench(XSub())
        let pipe = try bench.connect()
        #expect(try bench.send(["up"]))
        // Without a connection, or a peer in the process, nobody hears it.
        #expect(bench.sent(to: pipe).isEmpty)
        #expect(try bench.send(["\u{1}a"]))
        #expect(try bench.send(["\u{0}a"]))
        #expect(try bench.send(["\u{0}never"]))
        bench.arrive(["whatever"], at: pipe)
        #expect(try bench.receive() == ["whatever"])
    }
}
