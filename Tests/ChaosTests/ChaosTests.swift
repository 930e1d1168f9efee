import Glibc
import MCTestSupport
import Testing

/// The two long runs in which everything is left to chance (`MCChaos`), each in a process of its own, both
/// at once: a minute each, ten with MC_FULL, or MC_SECONDS.
///
/// A failure tells its seed: `MC_SEED=…` begins with the epoch that failed.
@Suite struct ChaosTests {
    @Test(.timeLimit(.minutes(20)))
    func `nothing gets lost that ZeroMQ promises to deliver`() async throws {
        try await expectToPass(ChaosRun("lossless"))
    }

    @Test(.timeLimit(.minutes(20)))
    func `whatever happens to sockets nothing crashes, hangs or is left behind`() async throws {
        try await expectToPass(ChaosRun("anything"))
    }

    private func expectToPass(_ run: ChaosRun) async throws {
        let outcome = try await run.outcome()
        #expect(outcome.status == 0, "\(outcome.report)")
    }

    /// Mistakes that are made on purpose are noticed, and the seed is told.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("lossless", "drop"), ("lossless", "twice"), ("lossless", "descriptor"),
            ("anything", "descriptor"), ("anything", "memory"),
            ("anything", "crash"), ("anything", "hang"),
        ])
    func `a run sees what goes wrong`(_ name: String, _ sabotage: String) async throws {
        let outcome = try await ChaosRun(name, seconds: 30, sabotage: sabotage).outcome()
        #expect(outcome.status != 0)
        #expect(outcome.report.contains("MC_SEED="))
    }
}
