import MCommSupport

/// What CallMeter tells of a path.
enum Measurement {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The program beside the tests. They do not depend on it, for a test runner that linked its
    /// functions would be counted, too; building all of the package builds it.
    private static let program: String = {
        let folder = ChildProcess.ownExecutable.split(separator: "/").dropLast()
        return "/" + folder.joined(separator: "/") + "/CallMeter"
    }()

    /// Runs a path; the least of each column over all rounds.
    ///
    /// The least, because a busy machine only adds: it splits batches and makes threads wait. What
    /// the library itself asks for each message is in every round.
    static func run(_ arguments: [String]) throws -> Counts {
        var lines = try output(of: arguments).map { $0.split(separator: " ").map(String.init) }
        guard lines.count >= 2 else { throw Failure(description: "no counts of \(arguments)") }
        let columns = lines.removeFirst()
        var least = try Counts(columns: columns, numbers: lines[0])
        for line in lines { least.formMinimum(try Counts(columns: columns, numbers: line)) }
        return least
    }

    private static func output(of arguments: [String]) throws -> [String] {
        var group = ChildGroup()
        group.add(try ChildProcess(executable: program, arguments: arguments, mergesErrors: true))
        let deadline = Clock.nanoseconds() + 30_000_000_000
        var lines: [String] = []
        while case .line(_, let text) = group.next(until: deadline) { lines.append(text) }
        let status = group.children[0].wait(until: deadline)
        guard status == 0 else {
            throw Failure(description: "CallMeter \(arguments): status \(status ?? -1), \(lines)")
        }
        return lines
    }
}
