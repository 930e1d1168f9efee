import MCommSupport
import Testing

@Suite struct `Socket subcommands` {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var endpoint: String { "ipc://\(folder.path)/socket" }

    @Test func `push to pull over a port that the system chose`() throws {
        var pull = try Tool(["pull", "--bind", "tcp://127.0.0.1:*", "--count", "4"])
        let endpoint = try pull.line(after: boundPrefix)
        #expect(endpoint.hasPrefix("tcp://127.0.0.1:") && !endpoint.hasSuffix("*"))
        let push = try Tool.run([
            "push", "--connect", endpoint, "one", "two", "--part", "a", "--part", "", "--part", "b",
            "--file", "/dev/null",
        ])
        #expect(push.status == 0)
        let received = pull.finish()
        #expect(received.status == 0)
        #expect(received.lines == ["one", "two", "a\t\tb", ""])
    }

    @Test func `standard input, line by line`() throws {
        var pull = try Tool(["pull", "--bind", endpoint, "--count", "3", "--quiet"])
        var push = try Tool(["push", "--connect", endpoint, "--stdin"])
        push.feed(["one", "", "three"])
        #expect(push.finish().status == 0)
        #expect(pull.finish().lines == ["one", "", "three"])
    }

    @Test(arguments: ["json", "multipart"])
    func `output formats`(format: String) throws {
        var pull = try Tool([
            "pull", "--bind", endpoint, "--count", "1", "--format", format, "--quiet",
        ])
        _ = try Tool.run(["push", "--connect", endpoint, "--part", "é", "--part", "x"])
        let expected =
            format == "json"
            ? ["{\"frames\":[\"é\",\"x\"]}"]
            : [String(repeating: "-", count: 40), "[002] C3A9", "[001] x"]
        #expect(pull.finish().lines == expected)
    }

    @Test func `a subscriber gets what it subscribed to`() throws {
        var pub = try Tool([
            "pub", "--bind", endpoint, "--delay", "50", "--interval", "20", "--count", "0",
            "news one", "weather two", "sports three",
        ])
        _ = try pub.line(after: boundPrefix)
        let sub = try Tool.run([
            "sub", "--connect", endpoint, "--subscribe", "news", "--subscribe", "sports",
            "--count", "6",
        ])
        #expect(sub.status == 0)
        #expect(Set(sub.lines) == ["news one", "sports three"])
    }

    @Test func `requests and replies`() throws {
        var rep = try Tool(["rep", "--bind", endpoint, "--reply", "yes", "--count", "2"])
        let req = try Tool.run(["req", "--connect", endpoint, "a", "b", "--timeout", "20000"])
        #expect(req.status == 0)
        #expect(req.lines == ["yes", "yes"])
        #expect(rep.finish().lines.suffix(2) == ["a", "b"])
    }

    @Test func `rep echoes when nothing else is asked for`() throws {
        var rep = try Tool(["rep", "--bind", endpoint, "--count", "1", "--silent", "--quiet"])
        let req = try Tool.run(["req", "--connect", endpoint, "--part", "a", "--part", "b"])
        #expect(req.lines == ["a\tb"])
        #expect(rep.finish().lines.isEmpty)
    }

    @Test func `a router replies to its dealer and to a req`() throws {
        var router = try Tool([
            "router", "--bind", endpoint, "--reply", "got it", "--count", "2", "--quiet",
        ])
        let dealer = try Tool.run([
            "dealer", "--connect", endpoint, "--routing-id", "me", "hello", "--receive", "1",
            "--timeout", "20000",
        ])
        #expect(dealer.status == 0)
        #expect(dealer.lines == ["got it"])
        let req = try Tool.run([
            "req", "--connect", endpoint, "--routing-id", "you", "hi", "--timeout", "20000",
        ])
        #expect(req.lines == ["got it"])
        #expect(router.finish().lines == ["me\thello", "you\t\thi"])
    }

    @Test func `a pair talks both ways`() throws {
        var first = try Tool([
            "pair", "--bind", endpoint, "from first", "--receive", "1", "--quiet",
        ])
        let second = try Tool.run([
            "pair", "--connect", endpoint, "from second", "--receive", "1", "--timeout", "20000",
        ])
        #expect(second.lines == ["from first"])
        #expect(first.finish().lines == ["from second"])
    }
}
