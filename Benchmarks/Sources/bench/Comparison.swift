internal import BenchModel
private import Foundation

/// Goes through the cases, each contender in its turn, and prints what comes out.
struct Comparison {
    let mode: Mode
    let runs: Int
    let runner: Runner

    /// As often a run is done again because the host took the processor away.
    private static let repetitions = 3

    func measure(_ cases: [Case]) -> Results {
        var results = Results(
            mode: mode.name, date: ISO8601DateFormatter().string(from: Date()),
            machine: Machine.description, pinning: Machine.pinToOneNode())
        say("\(results.mode) mode on \(results.machine); \(results.pinning)")
        say(ResultTable.heading)
        let start = now()
        for index in cases.indices {
            let count = mode.runs(
                of: cases[index...], wanted: runs, secondsLeft: mode.seconds - seconds(since: start)
            )
            let result = measure(cases[index], runs: count)
            ResultTable.lines(result).forEach { say($0) }
            results.cases.append(result)
        }
        let versions = results.cases.flatMap(\.outcomes).filter { $0.library == .libzmq }
            .flatMap(\.runs).flatMap(\.workers).map(\.library)
        results.libzmq = versions.first ?? "no libzmq"
        say("\(Text.fixed(seconds(since: start), 0)) s in all, against \(results.libzmq)")
        let runs = results.cases.flatMap(\.outcomes).flatMap(\.runs)
        let disturbed = runs.count(where: \.isDisturbed)
        if disturbed > 0 {
            say("\(disturbed) of \(runs.count) runs shared the processor with others (!)")
        }
        return results
    }

    /// A/B/A/B, so that what changes on the machine with time changes for all.
    private func measure(_ wanted: Case, runs: Int) -> CaseResult {
        let (measured, note) = withinLimits(wanted)
        var result = CaseResult(wanted, note: note)
        for _ in 0..<runs {
            for (index, contender) in measured.contenders.enumerated()
            where !result.outcomes[index].isHopeless {
                result.outcomes[index].add(run(measured, contender))
            }
        }
        return result
    }

    private func run(_ measured: Case, _ contender: Contender) -> Run {
        var run = runner.run(measured, contender)
        for _ in 0..<Self.repetitions where run.stolenPercent > mode.stolenPercentLimit {
            run = runner.run(measured, contender)
        }
        run.isDisturbed =
            run.stolenPercent > mode.stolenPercentLimit
            || run.foreignPercent > mode.foreignPercentLimit
        return run
    }

    /// Fewer connections where a process may not have so many descriptors.
    private func withinLimits(_ measured: Case) -> (Case, note: String?) {
        guard measured.work == .idle, measured.transport != .inproc else { return (measured, nil) }
        let possible = max(1, Machine.descriptorLimit - 200)
        let fewer = measured.limited(toConnections: possible)
        guard fewer.name != measured.name else { return (measured, nil) }
        return (fewer, "only \(possible) connections: the limit of open files")
    }
}

/// A line of the table, at once also where it goes to a file.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
