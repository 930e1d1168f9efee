import Glibc
import MCommSupport
import Testing

/// Runs mcomm, and other programs, as a user would; nothing runs longer than its deadline.
struct Tool {
    /// What came of a run: the exit status, and the lines of both standard streams.
    struct Outcome {
        var status: Int32?
        var lines: [String]
    }

    private var group = ChildGroup()

    /// mcomm: the one that was built with these tests, or the one that the environment names.
    static let path: String = {
        if let path = environment("MC_MCOMM") { return path }
        let folder = ChildProcess.ownExecutable.split(separator: "/").dropLast()
        return "/" + folder.joined(separator: "/") + "/mcomm"
    }()

    /// A variable of the environment, nil if it is empty or missing.
    static func environment(_ name: String) -> String? {
        // Safe because the environment is not changed meanwhile, and the text is copied.
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }

    /// Starts a program; its standard error comes with its standard output.
    init(_ arguments: [String], executable: String = Tool.path) throws {
        group.add(
            try ChildProcess(executable: executable, arguments: arguments, mergesErrors: true))
    }

    /// Waits for a line that begins with `prefix`, and returns what follows.
    mutating func line(after prefix: String, seconds: UInt64 = 20) throws -> String {
        let deadline = Clock.nanoseconds() + seconds * 1_000_000_000
        while case .line(_, let text) = group.next(until: deadline) {
            if text.hasPrefix(prefix) { return String(text.dropFirst(prefix.count)) }
        }
        struct NoSuchLine: Error {
            let prefix: String
        }
        throw NoSuchLine(prefix: prefix)
    }

    /// Writes to its standard input and ends it.
    func feed(_ lines: [String]) {
        for line in lines { group.children[0].send(line) }
        group.children[0].closeInput()
    }

    /// Reads to the end; kills what is not done in time, and then gives no status.
    mutating func finish(seconds: UInt64 = 60) -> Outcome {
        let deadline = Clock.nanoseconds() + seconds * 1_000_000_000
        var outcome = Outcome(status: nil, lines: [])
        while case .line(_, let text) = group.next(until: deadline) { outcome.lines.append(text) }
        outcome.status = group.children[0].wait(until: deadline)
        group.children[0].kill()
        return outcome
    }

    /// Runs mcomm to its end.
    static func run(_ arguments: [String], seconds: UInt64 = 60) throws -> Outcome {
        var tool = try Tool(arguments)
        return tool.finish(seconds: seconds)
    }
}

/// What mcomm prints when it has bound.
let boundPrefix = "mcomm: bound "
