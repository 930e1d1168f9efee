import MCPatterns
import MCPool
import Testing

@Suite struct PubTests {
    private func subscribe(_ bench: Bench<Pub>, _ prefix: String, add: Bool = true, _ pipe: Pipe) {
        unsafe Array(prefix.utf8).withUnsafeBytes {
            unsafe bench.pattern.subscription($0, add: add, from: pipe)
        }
    }

    /// What a pipe got; what the pattern holds back is put into the pipes first.
    private func sent(_ bench: Bench<Pub>, _ pipe: Pipe) -> [String] {
        bench.pattern.closeSending(pipe)
        return bench.sent(to: pipe).map { $0.joined(separator: "|") }
    }

    private let many = (0..<10).map { "a\($0)" }

    @Test func `whoever cancels in the middle of a run gets no more`() throws {
        let bench = try Bench(Pub())
        let pipes = try (0..<3).map { _ in try bench.connect() }
        for pipe in pipes { subscribe(bench, "a", pipe) }
        for text in many { #expect(try bench.send([text])) }
        subscribe(bench, "a", add: false, pipes[1])
        #expect(try bench.send(["a, two left"]))
        for pipe in [pipes[0], pipes[2]] { subscribe(bench, "a", add: false, pipe) }
        #expect(try bench.send(["a, nobody"]))
        #expect(sent(bench, pipes[0]) == many + ["a, two left"])
        #expect(sent(bench, pipes[1]) == many)
        #expect(sent(bench, pipes[2]) == many + ["a, two left"])
    }

    @Test func `whoever comes in the middle of a run gets what follows`() throws {
        let bench = try Bench(Pub())
        let first = try bench.connect()
        subscribe(bench, "", first)
        for text in many { #expect(try bench.send([text])) }
        let second = try bench.connect()
        subscribe(bench, "a", second)
        for text in many { #expect(try bench.send([text, "body"])) }
        #expect(try bench.send(["b"]))
        let rest = many.map { $0 + "|body" }
        #expect(sent(bench, first) == many + rest + ["b"])
        #expect(sent(bench, second) == rest)
    }

    @Test func `what a lost peer was to get goes with it, the others keep theirs`() throws {
        let bench = try Bench(Pub())
        let pipes = try (0..<2).map { _ in try bench.connect() }
        for pipe in pipes { subscribe(bench, "a", pipe) }
        for text in many { #expect(try bench.send([text])) }
        bench.lose(pipes[0])
        #expect(try bench.send(["a, alone"]))
        #expect(sent(bench, pipes[1]) == many + ["a, alone"])
    }

    @Test func `the high-water mark is exact`() throws {
        let bench = try Bench(Pub())
        let pipes = try [1000, 100, 3].map { try bench.connect(sendHighWaterMark: $0) }
        for pipe in pipes { subscribe(bench, "", pipe) }
        let all = (0..<1200).map { "\($0)" }
        for text in all { #expect(try bench.send([text])) }
        for (pipe, mark) in zip(pipes, [1000, 100, 3]) {
            #expect(sent(bench, pipe) == Array(all.prefix(mark)))
        }
    }
}
