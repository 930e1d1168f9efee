import Glibc
import MCFacade
import MCTestSupport

/// `connections ENDPOINT count=N`: one PUSH with N connections to an endpoint, for what an idle
/// connection costs. On standard input:
/// - `connect`: connects them all, and sends one message over each;
/// - `stats`: descriptors, threads and memory;
/// - `quit`.
enum ConnectionsCommand {
    static func run(_ arguments: Arguments) throws {
        let endpoint = try arguments.word(0, "ENDPOINT")
        let count = try arguments.number("count", default: 1)
        let push = try PushSocket(options: try arguments.socketOptions())
        try push.connect(endpoint)
        // The first is not counted: with it comes what a process needs once.
        try push.send("warm up")
        say("ready")
        while let line = readLine() {
            switch line {
            case "connect":
                for _ in 0..<count { try push.connect(endpoint) }
                for _ in 0...count { try push.send("hello") }
                say("connected")
            case "stats":
                malloc_trim(0)
                say("stats \(ProcessUsage.line)")
            default: return
            }
        }
    }
}
