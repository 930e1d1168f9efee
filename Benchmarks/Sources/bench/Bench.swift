internal import ArgumentParser
internal import BenchModel
private import Foundation

/// Runs ours, libzmq and raw sockets against each other, and prints and draws what came out.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure Mooncake Communicator against libzmq and raw sockets.",
        discussion: """
            Every contender does the same work in turns; the table shows medians. Exit status: 1 \
            when a worker failed, 2 when a target was missed and --check-targets was given.
            """)

    @Flag(help: "Everything; within an hour.") var full = false
    @Flag(help: "Every kind of work for a moment: shows that nothing hangs.") var smoke = false
    @Flag(help: "Say which targets are met.") var checkTargets = false
    @Flag(help: "Print the names of the cases, and end.") var list = false
    @Option(help: "Only cases whose names match this regular expression.") var only: String?
    @Option(help: "Runs of each contender, where the time allows.") var runs: Int?
    @Option(help: "The folder for results and charts.") var output: String
    @Option(help: "The folder of our libzmq.so.5.") var library: String

    var mode: Mode { full ? .full : smoke ? .smoke : .quick }

    func validate() throws {
        if full && smoke { throw ValidationError("--full or --smoke, not both") }
        if let runs, runs < 1 { throw ValidationError("--runs must be at least 1") }
        guard try !cases().isEmpty else { throw ValidationError("no case matches '\(only ?? "")'") }
    }

    func cases() throws -> [Case] {
        guard let only else { return mode.cases }
        let pattern: Regex<AnyRegexOutput>
        do { pattern = try Regex(only) } catch {
            throw ValidationError("'\(only)' is no regular expression")
        }
        return mode.cases.filter { $0.name.firstMatch(of: pattern) != nil }
    }

    func run() throws {
        if list { return try cases().forEach { say($0.name) } }
        let scratch = FileManager.default.temporaryDirectory
            .appendingPathComponent("bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let runner = Runner(
            folder: Self.folder, library: library, scratch: scratch.path,
            milliseconds: mode.runMilliseconds)
        let comparison = Comparison(mode: mode, runs: runs ?? mode.runs, runner: runner)
        let results = comparison.measure(try cases())
        // A part, or a moment, is no result to keep.
        if only == nil && !smoke { try ResultFiles(folder: output).write(results) }
        try end(results)
    }

    private func end(_ results: Results) throws {
        var status: Int32 = 0
        if checkTargets {
            let (lines, allMet) = verdicts(results)
            lines.forEach { say($0) }
            if !allMet { status = 2 }
        }
        let failed = results.cases.filter(\.hasFailed).map(\.name)
        if !failed.isEmpty {
            say("FAILED: \(failed.joined(separator: ", "))")
            status = 1
        }
        if status != 0 { throw ExitCode(status) }
    }

    /// The workers lie beside this executable.
    private static var folder: String {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().path
    }
}
