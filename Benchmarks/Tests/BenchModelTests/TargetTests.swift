import BenchModel
import Testing

@Suite struct TargetTests {
    private func run(messages: Int, seconds: Double, p50: Double = 0, cpu: Double = 0) -> Run {
        var (report, other) = (WorkerReport(), WorkerReport())
        report.messages = messages
        report.bytes = messages * 64
        report.seconds = seconds
        report.p50Microseconds = p50
        report.cpuSeconds = cpu
        other.cpuSeconds = cpu
        return Run(workers: [other, report], stolenPercent: 0)
    }

    private func results(
        _ name: String, ours: [Run], inC: [Run] = [], libzmq: [Run]
    ) throws -> Results {
        let measured = try #require(Case.full.first { $0.name == name })
        var result = CaseResult(measured)
        for index in result.outcomes.indices {
            switch result.outcomes[index].library {
            case .ours: ours.forEach { result.outcomes[index].add($0) }
            case .oursInC: inC.forEach { result.outcomes[index].add($0) }
            case .libzmq: libzmq.forEach { result.outcomes[index].add($0) }
            case .raw: break
            }
        }
        var results = Results(mode: "test", date: "", machine: "", pinning: "")
        results.cases = [result]
        return results
    }

    private func target(_ results: Results, _ words: String) throws -> Target {
        let name = results.cases[0].name
        return try #require(
            Target.all.first { $0.caseName == name && "\($0.measure)".contains(words) })
    }

    @Test func ratesAreComparedByTheirMedians() throws {
        let ours = [100, 700, 800].map { run(messages: $0, seconds: 1) }
        let results = try results(
            "throughput tcp size=64", ours: ours, libzmq: [run(messages: 200, seconds: 2)])
        let target = try target(results, "rate of ours")
        #expect(target.value(in: results) == 7)
        #expect(target.isMet(in: results) == true)
        #expect(verdicts(results).lines.contains { $0.hasPrefix("met") })
    }

    /// What is sent through the C interface is compared with what is sent in Swift.
    @Test(arguments: ["tcp", "ipc", "inproc"], [(86, true), (84, false)])
    func theBoundaryIsOurs(transport: String, outcome: (rate: Int, isMet: Bool)) throws {
        let results = try results(
            "throughput \(transport) size=64", ours: [run(messages: 100, seconds: 1)],
            inC: [run(messages: outcome.rate, seconds: 1)],
            libzmq: [run(messages: 1, seconds: 1)])
        let target = try target(results, "rate of ours in C")
        #expect(target.isMet(in: results) == outcome.isMet)
    }

    @Test func theProcessorTimeOfBothCounts() throws {
        let results = try results(
            "throughput tcp size=64", ours: [run(messages: 1_000_000, seconds: 1, cpu: 0.15)],
            libzmq: [])
        let target = try target(results, "CPU seconds")
        #expect(target.value(in: results) == 0.3)
        #expect(target.isMet(in: results) == false)
        #expect(!verdicts(results).allMet)
    }

    @Test func timesAreComparedWithEach() throws {
        let results = try results(
            "roundtrip tcp pattern=req size=64", ours: [run(messages: 1, seconds: 1, p50: 30)],
            libzmq: [run(messages: 1, seconds: 1, p50: 90)])
        let target = try target(results, "p50 of ours to that of libzmq")
        #expect(target.value(in: results).map { Text.digits($0) } == "0.33")
    }

    @Test func whatIsNotMeasuredIsNeitherMetNorMissed() throws {
        let results = try results("burst tcp", ours: [], libzmq: [])
        for target in Target.all { #expect(target.isMet(in: results) == nil) }
        #expect(verdicts(results).allMet)
    }

    @Test func aFailedRunDoesNotCount() throws {
        let failed = Run(workers: [], stolenPercent: 0, error: "it hung")
        let results = try results(
            "burst tcp", ours: [failed, run(messages: 1, seconds: 1, p50: 5)], libzmq: [])
        #expect(results.cases[0].hasFailed)
        #expect(results.cases[0].outcomes[0].p50Microseconds == 5)
        #expect(ResultTable.lines(results.cases[0]).contains { $0.contains("it hung") })
    }
}
