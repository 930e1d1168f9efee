import CMCLinux
import Glibc
import MCTestSupport
import Testing

@testable import MCPool

/// Waiting in tasks, without sockets; with them it is the facade's tests that poll.
@Suite(.timeLimit(.minutes(5)))
struct PollingTests {
    private func later(_ milliseconds: UInt64) -> UInt64 { cmc_now_ns() + milliseconds * 1_000_000 }

    private func wait(
        for items: [Polling.Item] = [], milliseconds: UInt64?, on thread: IOThread
    ) async throws -> Int {
        let deadline = milliseconds.map { later($0) }
        let items = try await Polling.waitAsync(
            for: items, until: deadline, helper: { () throws(SocketError) in thread })
        return items.count { $0.found != 0 }
    }

    /// Who waits when its helping thread ends is told so, and so is who comes later.
    @Test func theThreadEnds() async throws {
        let thread = try IOThread()
        try thread.start()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let item = Polling.Item(.descriptor(ends[0]), wanted: Int16(POLLIN))
        let waiting = (0..<3).map { index in
            Task {
                // On the descriptor alone, on the time alone, on both.
                try await wait(
                    for: index == 1 ? [] : [item], milliseconds: index == 0 ? nil : 60_000,
                    on: thread)
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        thread.stop()
        for task in waiting {
            let result = await task.result
            #expect(throws: SocketError.self) { try result.get() }
        }
        do {
            _ = try await wait(for: [item], milliseconds: 10, on: thread)
            Issue.record("waited for a thread that has ended")
        } catch let error as SocketError {
            #expect(error.code == .terminated)
        }
    }

    /// Sooner deadlines come after later ones, again and again, and each is kept.
    @Test func deadlines() async throws {
        let thread = try IOThread()
        try thread.start()
        defer { thread.stop() }
        await withTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    for round in 0..<scaled(20) {
                        let time = UInt64(1 + (round * 7 + lane * 13) % 23)
                        let start = cmc_now_ns()
                        let count = try? await wait(milliseconds: time, on: thread)
                        #expect(count == 0)
                        #expect(cmc_now_ns() - start >= time * 1_000_000)
                    }
                }
            }
        }
    }
}
