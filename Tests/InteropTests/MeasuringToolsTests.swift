import Glibc
import Testing

/// The measuring tools, ours at one end and libzmq's at the other.
@Suite(.mayBlock, .timeLimit(.minutes(2)))
struct MeasuringToolsTests {
    enum Tool: String, Sendable, CaseIterable {
        case latency = "lat"
        case throughput = "thr"
    }

    enum Make: Sendable, CaseIterable {
        case ours
        case theirs

        func command(_ name: String) throws -> [String] {
            switch self {
            case .ours: [try Checkout.tool("MC_MCOMM", otherwise: "build/mcomm"), name]
            case .theirs: [try folder() + "/" + name]
            }
        }

        private func folder() throws -> String {
            try Checkout.tool("MC_LIBZMQ_PERF", otherwise: "build/libzmq-perf")
        }
    }

    struct Run: Sendable, CustomTestStringConvertible {
        let tool: Tool
        let local: Make
        let remote: Make
        let transport: Setting.Transport

        var testDescription: String {
            "local_\(tool.rawValue) \(local), remote_\(tool.rawValue) \(remote), \(transport)"
        }

        static let all = Tool.allCases.flatMap { tool in
            [(Make.ours, Make.theirs), (.theirs, .ours)].flatMap { local, remote in
                Setting.Transport.allCases.map {
                    Run(tool: tool, local: local, remote: remote, transport: $0)
                }
            }
        }
    }

    @Test(arguments: Run.all, [1, 64, 70_000])
    func mixedEnds(run: Run, bytes: Int) throws {
        let folder = try TestFolder()
        let endpoint = try folder.freeEndpoint(run.transport)
        let count = run.tool == .latency ? 200 : 2000
        let arguments = [endpoint, "\(bytes)", "\(count)"]
        let name = run.tool.rawValue
        let local = try ChildProcess(try run.local.command("local_\(name)") + arguments)
        let remote = try ChildProcess(try run.remote.command("remote_\(name)") + arguments)
        let output = try run.tool == .latency ? remote.readToEnd() : local.readToEnd()
        // Whoever measures prints three lines.
        let lines = output.split(separator: "\n")
        try #require(lines.count == 3 || lines.count == 4, "\(output)")
        #expect(lines[0] == "message size: \(bytes) [B]")
        if run.tool == .latency {
            #expect(lines[1] == "roundtrip count: \(count)")
            #expect(lines[2].hasPrefix("average latency: ") && lines[2].hasSuffix(" [us]"))
        } else {
            #expect(lines[1] == "message count: \(count)")
            #expect(lines[2].hasPrefix("mean throughput: ") && lines[2].hasSuffix(" [msg/s]"))
            #expect(lines.last?.hasSuffix(" [Mb/s]") == true)
        }
        #expect(try local.waitForExit() == 0)
        #expect(try remote.waitForExit() == 0)
    }
}
