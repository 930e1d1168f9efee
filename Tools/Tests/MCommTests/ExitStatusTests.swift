import MCommSupport
import Testing

@Suite struct `Exit statuses` {
    @Test(arguments: [
        [], ["push", "--help"], ["pull", "--help"], ["pub", "--help"], ["sub", "--help"],
        ["req", "--help"], ["rep", "--help"], ["pair", "--help"], ["dealer", "--help"],
        ["router", "--help"], ["tensors", "--help"], ["tensors", "send", "--help"],
        ["tensors", "receive", "--help"], ["demo", "--help"], ["local_lat", "--help"],
        ["remote_lat", "--help"], ["local_thr", "--help"], ["remote_thr", "--help"],
        ["inproc_lat", "--help"], ["inproc_thr", "--help"],
    ])
    func `0 for help`(arguments: [String]) throws {
        let outcome = try Tool.run(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.lines.contains { $0.contains("USAGE: mcomm") })
    }

    @Test(arguments: [
        ["nonsense"], ["push", "text"], ["push", "--connect", "tcp://127.0.0.1:1"],
        ["pull", "--bind", "tcp://127.0.0.1:*", "--count", "0"],
        ["pull", "--bind", "tcp://127.0.0.1:*", "--format", "xml"],
        ["rep", "--bind", "tcp://127.0.0.1:*", "--echo", "--reply", "x"],
        ["tensors", "send", "--pattern", "pull", "--bind", "tcp://127.0.0.1:*", "a.npy"],
        ["local_lat", "tcp://127.0.0.1:*", "-1", "5"], ["inproc_thr", "8", "0"],
    ])
    func `64 for wrong arguments`(arguments: [String]) throws {
        #expect(try Tool.run(arguments).status == 64)
    }

    @Test(arguments: [
        ["push", "--connect", "pgm://host:5555", "x"], ["pull", "--bind", "tcp://nowhere"],
        ["push", "--connect", "tcp://127.0.0.1:5555", "--file", "/no/such/file"],
        ["pull", "--bind", "ipc:///no/such/folder/socket"],
        ["push", "--connect", "tcp://127.0.0.1:5555", "--sndhwm=-5", "x"],
        ["tensors", "send", "--connect", "tcp://127.0.0.1:5555", "/no/such/file.npy"],
        ["tensors", "send", "--connect", "tcp://127.0.0.1:5555", "/dev/null"],
    ])
    func `1 for errors, with a word about what is wrong`(arguments: [String]) throws {
        let outcome = try Tool.run(arguments)
        #expect(outcome.status == 1)
        #expect(outcome.lines.last?.hasPrefix("mcomm: ") == true)
    }

    @Test func `3 when the time runs out`() throws {
        let folder = try TemporaryFolder()
        let endpoint = "ipc://\(folder.path)/nobody"
        for arguments in [
            ["pull", "--bind", endpoint, "--timeout", "50"],
            ["pull", "--bind", endpoint, "--timeout", "50", "--count", "2"],
            ["push", "--connect", endpoint, "--sndhwm", "1", "--timeout", "50", "a", "b", "c"],
            ["req", "--connect", endpoint, "--timeout", "50", "anybody?"],
            ["tensors", "receive", "--bind", endpoint, "--timeout", "50"],
        ] {
            #expect(try Tool.run(arguments).status == 3, "\(arguments)")
        }
    }
}
