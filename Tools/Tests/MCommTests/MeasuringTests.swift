import MCommSupport
import Testing

@Suite(.serialized) struct `Measuring tools` {
    /// Whose tool stands at an end.
    enum Maker: String, CaseIterable {
        case ours, libzmq

        /// Program and arguments of a tool.
        func tool(_ name: String, _ arguments: [String]) throws -> Tool {
            switch self {
            case .ours: return try Tool([name] + arguments)
            case .libzmq:
                let folder = try #require(Tool.environment("MC_LIBZMQ_PERF"))
                return try Tool(arguments, executable: "\(folder)/\(name)")
            }
        }
    }

    /// libzmq's tools are built by Tools/test, which demands them; elsewhere they may be missing.
    static let pairs: [(Maker, Maker)] = {
        let hasPeers =
            Tool.environment("MC_LIBZMQ_PERF") != nil || Tool.environment("MC_REQUIRE_PEERS") != nil
        let makers: [Maker] = hasPeers ? Maker.allCases : [.ours]
        return makers.flatMap { local in makers.map { (local, $0) } }
    }()

    @Test(arguments: pairs, ["tcp://127.0.0.1:15731", "ipc"])
    func `latency, either library at either end`(pair: (Maker, Maker), endpoint: String) throws {
        let folder = try TemporaryFolder()
        let endpoint = endpoint == "ipc" ? "ipc://\(folder.path)/lat" : endpoint
        var local = try pair.0.tool("local_lat", [endpoint, "100", "500"])
        var remote = try pair.1.tool("remote_lat", [endpoint, "100", "500"])
        let outcome = remote.finish()
        #expect(outcome.status == 0)
        try #require(outcome.lines.count == 3, "\(outcome.lines)")
        #expect(outcome.lines[0] == "message size: 100 [B]")
        #expect(outcome.lines[1] == "roundtrip count: 500")
        #expect(outcome.lines[2].wholeMatch(of: /average latency: [0-9]+\.[0-9]{3} \[us\]/) != nil)
        let echo = local.finish()
        #expect(echo.status == 0)
        #expect(echo.lines.isEmpty)
    }

    @Test(arguments: pairs, ["tcp://127.0.0.1:15732", "ipc"])
    func `throughput, either library at either end`(pair: (Maker, Maker), endpoint: String) throws {
        let folder = try TemporaryFolder()
        let endpoint = endpoint == "ipc" ? "ipc://\(folder.path)/thr" : endpoint
        // A libzmq receiver whose queue is full (RCVHWM) drops what it has not read when an ipc peer
        // goes. Ours goes when everything is read; libzmq's does not.
        let count = pair == (.libzmq, .libzmq) ? "900" : "20000"
        for size in ["0", "20", "3000"] {
            var local = try pair.0.tool("local_thr", [endpoint, size, count])
            var remote = try pair.1.tool("remote_thr", [endpoint, size, count])
            #expect(remote.finish().status == 0)
            let outcome = local.finish()
            #expect(outcome.status == 0)
            try expectThroughput(outcome.lines, size: size, count: count)
        }
    }

    @Test func `inproc, with the same lines`() throws {
        let latency = try Tool.run(["inproc_lat", "30", "1000"])
        #expect(latency.status == 0)
        #expect(latency.lines.prefix(2) == ["message size: 30 [B]", "roundtrip count: 1000"])
        #expect(latency.lines.last?.hasPrefix("average latency: ") == true)
        let throughput = try Tool.run(["inproc_thr", "100", "10000"])
        #expect(throughput.status == 0)
        try expectThroughput(throughput.lines, size: "100", count: "10000")
    }

    @Test func `a message of another size is refused`() throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.path)/thr"
        var local = try Tool(["local_thr", endpoint, "10", "10"])
        _ = try Tool.run(["remote_thr", endpoint, "11", "1"])
        let outcome = local.finish()
        #expect(outcome.status == 2)
        #expect(outcome.lines == ["mcomm: message of incorrect size received"])
    }

    private func expectThroughput(_ lines: [String], size: String, count: String) throws {
        try #require(lines.count == 4, "\(lines)")
        #expect(lines[0] == "message size: \(size) [B]")
        #expect(lines[1] == "message count: \(count)")
        #expect(lines[2].wholeMatch(of: /mean throughput: [0-9]+ \[msg\/s\]/) != nil)
        #expect(lines[3].wholeMatch(of: /mean throughput: [0-9]+\.[0-9]{3} \[Mb\/s\]/) != nil)
    }
}
