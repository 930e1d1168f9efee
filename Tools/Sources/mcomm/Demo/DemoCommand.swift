import ArgumentParser
import Glibc
import MCTensorFiles
import MCommSupport

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Move tensors between processes under every pattern; verify and measure it.",
        discussion: """
            Without files: the 1,797 handwritten digits in Tools/Data, each as a tensor of its own. \
            Separate processes talk over tcp and ipc, threads of one process over inproc. Every \
            receiver takes every tensor apart and reports element type, shape and a digest of the \
            bytes; they are compared with the files.

            COLUMNS
              messages  tensors that arrived and were compared, over all receivers
              MB/s      payload that arrived while everything was sent at full speed
              p50, p99  time from the send call to the arrival while tensors are sent at a steady \
            pace; for REQ/REP half of the round trip

            The exit status is 2 if anything differs, is missing or came twice.
            """)

    @Argument(help: ".npy or .safetensors files to move, each of their tensors whole.")
    var files: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Give each line of the table so long.", valueName: "seconds"))
    var timeout = 30

    @Option(help: ArgumentHelp("The steady pace: pause between tensors.", valueName: "us"))
    var pace = 200

    @Flag(help: "Print each line of the table as a JSON object.")
    var json = false

    @Flag(help: .hidden) var corrupt = false

    func validate() throws {
        if timeout < 1 || pace < 1 { throw ValidationError("--timeout and --pace begin at 1") }
    }

    func run() throws {
        try reportingStatus {
            StandardStreams.ignoreBrokenPipes()
            let paths = files.isEmpty ? [try Self.digits()] : files
            let data = try DemoData(paths: paths, split: files.isEmpty)
            let bytes = max(1, data.source.totalBytes)
            let job = DemoJob(
                peers: [], files: paths, split: files.isEmpty,
                rounds: min(20, max(1, (8 << 20) / bytes)),
                paceNanoseconds: UInt64(pace) * 1000, corrupt: corrupt)
            StandardStreams.note(
                "\(data.source.items.count) tensors, \(ByteCount.text(data.source.totalBytes)), "
                    + "\(job.rounds + 1) times under each pattern")
            let results = try Self.runAll(data, job, timeoutSeconds: timeout)
            try report(results)
        }
    }

    private static func runAll(
        _ data: DemoData, _ job: DemoJob, timeoutSeconds: Int
    ) throws -> [DemoResult] {
        let folder = try TemporaryFolder()
        return DemoScenario.all.map { scenario in
            if StandardStreams.errorIsTerminal {
                StandardStreams.noteRaw(
                    "\r\(scenario.title) over \(scenario.transport.rawValue)\u{1B}[K")
            }
            var conductor = DemoConductor(
                scenario, data: data, job: job, timeoutSeconds: timeoutSeconds)
            let result = conductor.run(folder: folder.path)
            if StandardStreams.errorIsTerminal { StandardStreams.noteRaw("\r\u{1B}[K") }
            return result
        }
    }

    private func report(_ results: [DemoResult]) throws {
        if json {
            for result in results { StandardStreams.print(try DemoLine.encode(result)) }
        } else {
            for line in DemoResult.table(results) { StandardStreams.print(line) }
        }
        let failed = results.filter { !$0.differences.isEmpty }
        if !failed.isEmpty {
            throw Mismatch("\(failed.count) of \(results.count) lines failed")
        }
        StandardStreams.note(
            "every tensor arrived as it was sent: "
                + "\(results.reduce(0) { $0 + $1.messages }) messages verified")
    }

    /// The data set in the source tree: beside this binary's folder, or in the working directory.
    private static func digits() throws -> String {
        let binary = ChildProcess.ownExecutable.split(separator: "/").dropLast(2)
        let candidates =
            ["/" + (binary + ["Tools", "Data", "digits.npy"]).joined(separator: "/")]
            + ["Tools/Data/digits.npy", "Data/digits.npy"]
        // Safe because the path is passed as a C string that lives for the call.
        guard let path = candidates.first(where: { unsafe access($0, R_OK) == 0 }) else {
            throw TensorFileError(
                .cannotOpen,
                "the data set Tools/Data/digits.npy is not beside build/mcomm and not "
                    + "in the working directory: give .npy or .safetensors files")
        }
        return path
    }
}
