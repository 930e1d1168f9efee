internal import BenchModel
private import Foundation

/// Runs one contender of one case once: starts its workers, waits for them, reads their reports.
struct Runner {
    /// Where the workers' executables are.
    let folder: String
    /// Where our library for C programs is.
    let library: String
    /// Where ipc sockets may lie.
    let scratch: String
    let milliseconds: Int

    private struct Failure: Error {
        let text: String
    }

    func run(_ measured: Case, _ contender: Contender) -> Run {
        let (before, ownBefore) = (Machine.ticks, Machine.ownTicks)
        var (workers, error) = ([WorkerReport](), String?.none)
        do {
            workers =
                measured.transport == .inproc
                ? try runTogether(measured, contender) : try runApart(measured, contender)
        } catch let failure as Failure {
            error = failure.text
        } catch let other {
            error = "\(other)"
        }
        var run = Run(workers: workers, stolenPercent: 0, error: error)
        if let before, let after = Machine.ticks {
            run.stolenPercent = after.stolenPercent(since: before)
            run.foreignPercent = after.foreignPercent(
                since: before, ownTicks: Machine.ownTicks - ownBefore)
        }
        return run
    }

    private func executable(_ library: Library) -> String {
        let name =
            switch library {
            case .ours: "OursWorker"
            case .libzmq, .oursInC: "LibzmqWorker"
            case .raw: "RawWorker"
            }
        return "\(folder)/\(name)"
    }

    /// What a worker finds beside what everybody does: which library is loaded in libzmq's place. It
    /// looks whether that has happened (`BENCH_LIBRARY`).
    private func environment(_ library: Library) -> [String: String] {
        guard library == .oursInC else { return [:] }
        return ["LD_LIBRARY_PATH": self.library, "BENCH_LIBRARY": self.library]
    }

    private func arguments(
        _ measured: Case, _ contender: Contender, role: String, endpoint: String
    ) -> [String] {
        [measured.work.rawValue, role, endpoint, "milliseconds=\(milliseconds)"]
            + measured.options + contender.options
    }

    /// What takes longer hangs: queues of large messages take seconds to drain, thousands of
    /// connections to come about.
    private func deadline(of measured: Case) -> UInt64 {
        let seconds: UInt64 = measured.work == .idle ? 60 : 20
        return now() + UInt64(milliseconds) * 4_000_000 + seconds * 1_000_000_000
    }

    private func runTogether(_ measured: Case, _ contender: Contender) throws -> [WorkerReport] {
        let worker = try WorkerProcess(
            executable(contender.library),
            arguments(measured, contender, role: "both", endpoint: "inproc://bench"),
            environment: environment(contender.library))
        return try reports([worker], until: deadline(of: measured))
    }

    private func runApart(_ measured: Case, _ contender: Contender) throws -> [WorkerReport] {
        let path = "\(scratch)/socket"
        unsafe unlink(path)
        let wanted = measured.transport == .ipc ? "ipc://\(path)" : "tcp://127.0.0.1:*"
        let deadline = deadline(of: measured)
        let (program, roles) = (executable(contender.library), measured.work.roles)
        let (boundEnd, connectedEnd) = try makeChannel()
        // A worker sees the end of the channel when the other one ends: here nobody may keep it.
        var kept = [boundEnd, connectedEnd]
        defer { kept.forEach { close($0) } }

        let bound = try WorkerProcess(
            program, arguments(measured, contender, role: roles.binds, endpoint: wanted),
            environment: environment(contender.library), channel: boundEnd)
        close(kept.removeFirst())
        _ = readWorkers([bound], until: deadline) { !bound.lines.isEmpty }
        guard let endpoint = bound.lines.first, endpoint.contains("://") else {
            bound.kill()
            throw Failure(text: "the worker that binds did not: \(bound.complaint)")
        }
        let connected = try WorkerProcess(
            program, arguments(measured, contender, role: roles.connects, endpoint: endpoint),
            environment: environment(contender.library), channel: connectedEnd)
        close(kept.removeFirst())
        return try reports([bound, connected], until: deadline)
    }

    /// Waits for the end of all; where one fails, the others are ended.
    private func reports(
        _ workers: [WorkerProcess], until deadline: UInt64
    ) throws -> [WorkerReport] {
        func hasFailed(_ worker: WorkerProcess) -> Bool {
            worker.open.isEmpty && worker.reap(waits: true) != 0
        }
        let ended = readWorkers(workers, until: deadline) { workers.contains(where: hasFailed) }
        if !ended || workers.contains(where: hasFailed) {
            for worker in workers where !worker.open.isEmpty { worker.kill() }
            throw Failure(text: failureText(workers, isHanging: !ended))
        }
        return try workers.map { worker in
            guard let line = worker.lines.last,
                let report = try? JSONDecoder().decode(WorkerReport.self, from: Data(line.utf8))
            else { throw Failure(text: "a worker without a report: \(worker.complaint)") }
            return report
        }
    }

    private func failureText(_ workers: [WorkerProcess], isHanging: Bool) -> String {
        let states = workers.enumerated().map { index, worker in
            let name = workers.count == 1 ? "the worker" : index == 0 ? "bound" : "connected"
            return "\(name): status \(worker.reap(waits: true) ?? -1) \(worker.complaint)"
        }
        return (isHanging ? "hung until the time limit; " : "") + states.joined(separator: "; ")
    }
}
