import Glibc
import MCTestSupport

/// A run of `MCChaos`, which is watched until it ends.
struct ChaosRun: Sendable {
    struct Outcome: Sendable {
        /// The exit status, or the number of the signal that ended the process, negative.
        let status: Int32
        /// What the process said last.
        let report: String
    }

    /// What is told of a run that failed.
    private static let keptLines = 80

    private let arguments: [String]

    init(_ name: String, seconds: Double? = nil, sabotage: String? = nil) throws {
        // A crash shows what every thread was doing.
        setenv("SWIFT_BACKTRACE", "enable=yes,color=no,interactive=no,threads=all", 0)
        // Threads that come and go leave holes in malloc's many arenas, which would hide what is lost.
        setenv("MALLOC_ARENA_MAX", "1", 0)
        let seconds =
            seconds ?? ChaosRun.number("MC_SECONDS") ?? (getenv("MC_FULL") == nil ? 60 : 600)
        var arguments = [
            try Checkout.program("MCChaos"), name, "seconds=\(seconds)",
            "peers=\(Checkout.path("Tests/ChaosTests/Peers"))",
        ]
        if let sabotage {
            arguments.append("sabotage=\(sabotage)")
        } else if let seed = getenv("MC_SEED") {
            arguments.append("seed=\(String(cString: seed))")
        }
        self.arguments = arguments
    }

    private static func number(_ variable: String) -> Double? {
        getenv(variable).flatMap { Double(String(cString: $0)) }
    }

    /// Waits for the end on a thread of its own: the other run is to go on meanwhile.
    func outcome() async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            startThread { continuation.resume(with: Result { try watch() }) }
        }
    }

    private func watch() throws -> Outcome {
        let process = try ChildProcess(arguments)
        var lines: [String] = []
        var seed = ""
        // The process itself sees to it that nothing hangs; it is never silent for so long.
        while let line = try? process.readLine(seconds: 300) {
            if let word = line.split(separator: " ").first(where: { $0.hasPrefix("seed=") }) {
                seed = String(word.dropFirst(5))
            }
            lines.append(line)
            if lines.count > ChaosRun.keptLines { lines.removeFirst() }
        }
        guard let raw = try? process.waitForExit(seconds: 5) else {
            process.kill()
            return Outcome(
                status: -SIGKILL,
                report: "silent; MC_SEED=\(seed)\n\(lines.joined(separator: "\n"))")
        }
        let status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F)
        return Outcome(
            status: status,
            report: "status \(status), MC_SEED=\(seed)\n\(lines.joined(separator: "\n"))")
    }
}
