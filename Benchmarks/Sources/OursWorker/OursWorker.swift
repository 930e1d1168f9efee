private import CBench

/// The worker on Mooncake Communicator. Each loop has its counterpart of the same shape in
/// LibzmqWorker.
@main
enum OursWorker {
    static func main() {
        let job = unsafe Job(bench_job_parse(CommandLine.argc, CommandLine.unsafeArgv))
        do {
            switch job.work {
            case "throughput": try throughput(job)
            case "roundtrip": try roundtrip(job)
            case "publish": try publish(job)
            case "route": try route(job)
            case "connect": try connectRate(job)
            case "idle": try idle(job)
            case "burst": try burst(job)
            default: fail(job.work, "no such work")
            }
        } catch {
            fail(job.work, error)
        }
    }
}
