import MCPool
import Testing

@testable import MCPatterns

/// PUSH, PULL, DEALER (RFC 28, 30).
@Suite(.timeLimit(.minutes(3)))
struct BalancedPatternTests {
    @Test func what() throws {
        #expect(Push().socketType == "PUSH")
        #expect(Pull().socketType == "PULL")
        #expect(Dealer().socketType == "DEALER")
        #expect(Push().canSend && !Push().canReceive)
        #expect(!Pull().canSend && Pull().canReceive)
        #expect(Dealer().canSend && Dealer().canReceive)
        #expect(Dealer().announcesRoutingID && !Push().announcesRoutingID)
        let pull = try Bench(Pull())
        #expect(code { _ = try pull.send(["x"]) } == .notSupported)
        #expect(code { try pull.pattern.subscribe([], add: true) } == .notSupported)
    }

    @Test func inTurnAndBlocked() throws {
        let bench = try Bench(Push())
        #expect(try !bench.send(["nobody"]))
        #expect(!bench.pattern.isReadyToSend())
        let pipes = try (0..<3).map { _ in try bench.connect(sendHighWaterMark: 2) }
        for index in 0..<6 { #expect(try bench.send(["\(index)", "more"])) }
        #expect(try !bench.send(["full"]))
        #expect(!bench.pattern.isReadyToSend())
        for (index, pipe) in pipes.enumerated() {
            #expect(bench.sent(to: pipe) == [["\(index)", "more"], ["\(index + 3)", "more"]])
        }
        bench.pattern.writable(pipes[1])
        #expect(bench.pattern.isReadyToSend())
        #expect(try bench.send(["again"]))
        #expect(bench.sent(to: pipes[1]) == [["again"]])
    }

    @Test func receivesInTurn() throws {
        let bench = try Bench(Pull())
        let pipes = try (0..<2).map { _ in try bench.connect() }
        #expect(try bench.receive() == nil)
        for (index, pipe) in pipes.enumerated() {
            for round in 0..<3 { bench.arrive(["\(index)", "\(round)"], at: pipe) }
        }
        #expect(bench.pattern.isReadyToReceive())
        var got: [[String]] = []
        while let message = try bench.receive() { got.append(message) }
        #expect(got.count == 6)
        for round in 0..<3 {
            #expect(Set(got[(2 * round)..<(2 * round + 2)].map { $0[0] }) == ["0", "1"])
        }
        #expect(!bench.pattern.isReadyToReceive())
    }

    /// What a dead peer did not take goes to those that are there, in order.
    @Test func messagesOfTheDeadGoOn() throws {
        let bench = try Bench(Push())
        let first = try bench.connect()
        for index in 0..<4 { #expect(try bench.send(["\(index)"])) }
        let second = try bench.connect()
        bench.lose(first)
        #expect(bench.sent(to: second) == (0..<4).map { ["\($0)"] })
    }

    /// With nobody there they wait, and are first when somebody comes.
    @Test func messagesOfTheDeadWait() throws {
        let bench = try Bench(Push())
        let first = try bench.connect()
        for index in 0..<5 { #expect(try bench.send(["\(index)"])) }
        bench.lose(first)
        #expect(try !bench.send(["new"]))
        // One that has room for only a part of them.
        let second = try bench.connect(sendHighWaterMark: 3)
        #expect(bench.sent(to: second) == (0..<3).map { ["\($0)"] })
        bench.pattern.writable(second)
        #expect(bench.sent(to: second) == [["3"], ["4"]])
        bench.pattern.writable(second)
        #expect(try bench.send(["new"]))
        #expect(bench.sent(to: second) == [["new"]])
    }

    /// A dialled pipe keeps its messages for its next connection while nobody else is connected.
    @Test func aDialledPipeKeepsItsMessages() throws {
        let bench = try Bench(Push())
        let pipe = try bench.connect()
        for index in 0..<3 { #expect(try bench.send(["\(index)"])) }
        bench.pattern.disconnected(pipe)
        bench.pattern.giveBack(bench.take(pipe), from: pipe)
        #expect(bench.sent(to: pipe) == (0..<3).map { ["\($0)"] })
    }
}

/// REQ and REP (RFC 28).
@Suite(.timeLimit(.minutes(3)))
struct RequestPatternTests {
    @Test func lockstepOfREQ() throws {
        let bench = try Bench(Req())
        #expect(code { _ = try bench.receive() } == .invalidState)
        #expect(try !bench.send(["nobody"]))
        let pipe = try bench.connect()
        #expect(bench.pattern.isReadyToSend())
        #expect(try bench.send(["ask", "more"]))
        #expect(bench.sent(to: pipe) == [["", "ask", "more"]])
        #expect(!bench.pattern.isReadyToSend())
        #expect(code { _ = try bench.send(["twice"]) } == .invalidState)
        #expect(try bench.receive() == nil)
        bench.arrive(["", "answer"], at: pipe)
        #expect(bench.pattern.isReadyToReceive())
        #expect(try bench.receive() == ["answer"])
        #expect(code { _ = try bench.receive() } == .invalidState)
        #expect(bench.pattern.isReadyToSend())
    }

    /// Only the peer that was asked may answer, and only with a delimiter.
    @Test func strayReplies() throws {
        let bench = try Bench(Req())
        let asked = try bench.connect()
        let other = try bench.connect()
        #expect(try bench.send(["?"]))
        #expect(bench.sent(to: asked).count == 1)
        bench.arrive(["", "not yours"], at: other)
        bench.arrive(["no delimiter"], at: asked)
        bench.arrive(["x", "wrong delimiter"], at: asked)
        bench.arrive([""], at: asked)
        #expect(try bench.receive() == nil)
        bench.arrive(["", "right", "parts"], at: asked)
        #expect(try bench.receive() == ["right", "parts"])
    }

    /// A request that did not leave its dead peer is asked of another one.
    @Test func aRequestThatComesBack() throws {
        let bench = try Bench(Req())
        let first = try bench.connect()
        #expect(try bench.send(["?"]))
        let second = try bench.connect()
        bench.lose(first)
        #expect(bench.sent(to: second) == [["", "?"]])
        bench.arrive(["", "!"], at: second)
        #expect(try bench.receive() == ["!"])
    }

    @Test func lockstepOfREP() throws {
        let bench = try Bench(Rep())
        let a = try bench.connect()
        let b = try bench.connect()
        #expect(code { _ = try bench.send(["unasked"]) } == .invalidState)
        bench.arrive(["", "from a"], at: a)
        bench.arrive(["id", "hop", "", "from b", ""], at: b)
        #expect(try bench.receive() == ["from a"])
        #expect(code { _ = try bench.receive() } == .invalidState)
        #expect(!bench.pattern.isReadyToReceive())
        #expect(bench.pattern.isReadyToSend())
        #expect(try bench.send(["to a"]))
        #expect(bench.sent(to: a) == [["", "to a"]])
        #expect(bench.sent(to: b) == [])
        #expect(bench.pattern.isReadyToReceive())
        #expect(try bench.receive() == ["from b", ""])
        #expect(try bench.send(["to", "b"]))
        #expect(bench.sent(to: b) == [["id", "hop", "", "to", "b"]])
    }

    @Test func malformedRequestsAreSkipped() throws {
        let bench = try Bench(Rep())
        let pipe = try bench.connect()
        for bad in [["no delimiter"], ["a", "b"], [""], ["a", ""]] { bench.arrive(bad, at: pipe) }
        bench.arrive(["", "good"], at: pipe)
        #expect(try bench.receive() == ["good"])
    }

    /// The reply to a peer that has gone is dropped, and reaches nobody else.
    @Test func repliesToTheDead() throws {
        let bench = try Bench(Rep())
        let gone = try bench.connect()
        let there = try bench.connect()
        bench.arrive(["", "last words"], at: gone)
        #expect(try bench.receive() == ["last words"])
        bench.lose(gone)
        #expect(try bench.send(["too late"]))
        #expect(bench.sent(to: there) == [])
        bench.arrive(["", "next"], at: there)
        #expect(try bench.receive() == ["next"])
        #expect(try bench.send(["reply"]))
        #expect(bench.sent(to: there) == [["", "reply"]])
    }

    /// A dialled pipe that was lost and is back is another peer.
    @Test func repliesDoNotReachTheNextConnection() throws {
        let bench = try Bench(Rep())
        let pipe = try bench.connect()
        bench.arrive(["", "before"], at: pipe)
        #expect(try bench.receive() == ["before"])
        bench.pattern.disconnected(pipe)
        #expect(bench.pattern.connected(pipe))
        #expect(try bench.send(["reply"]))
        #expect(bench.sent(to: pipe) == [])
    }
}
