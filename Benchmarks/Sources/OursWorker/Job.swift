internal import CBench
internal import MCFacade

/// What the worker is asked to do, in Swift's types.
struct Job: Sendable {
    let work: String
    let role: bench_role
    let endpoint: String
    let size: Int
    let seconds: Double
    let connections: Int
    let threads: Int
    let peers: Int
    let prefixes: Int
    let pattern: String
    let style: String
    /// Microseconds that a waiting thread looks on; -1 for the default.
    let spin: Int
    let boundEnd: Int32
    let connectedEnd: Int32

    init(_ job: bench_job) {
        // Safe because the strings are the process's arguments or constants.
        work = unsafe String(cString: job.work)
        endpoint = unsafe String(cString: job.endpoint)
        pattern = unsafe String(cString: job.pattern)
        style = unsafe String(cString: job.style)
        role = unsafe job.role
        size = unsafe job.size
        seconds = unsafe job.seconds
        spin = unsafe Int(job.spin)
        connections = unsafe Int(job.connections)
        threads = unsafe Int(job.threads)
        peers = unsafe Int(job.peers)
        prefixes = unsafe Int(job.prefixes)
        boundEnd = unsafe job.bound_end
        connectedEnd = unsafe job.connected_end
    }

    var sends: Bool { role == BENCH_SENDS }
    var receives: Bool { role == BENCH_RECEIVES }
    /// Both ends are in this process.
    var isBoth: Bool { role == BENCH_BOTH }

    /// The moment at which a loop that starts at `start` is over.
    func deadline(from start: UInt64) -> UInt64 { start + UInt64(seconds * 1e9) }
}

/// Prints why, and ends the process with status 1.
func fail(_ what: String, _ why: any Error) -> Never { fail(what, "\(why)") }

func fail(_ what: String, _ why: String) -> Never { unsafe bench_fail(what, why) }

func printReport(_ report: bench_report) {
    var report = report
    unsafe bench_report_print(&report, "Mooncake Communicator")
}

/// Runs a work, closes the context behind it, and prints what was measured with its processor time.
func reporting(_ work: (inout bench_report) throws -> Void) throws {
    var report = bench_report()
    let cpu = bench_cpu_seconds()
    try work(&report)
    Context.shared.close()
    report.cpu_seconds = bench_cpu_seconds() - cpu
    printReport(report)
}
