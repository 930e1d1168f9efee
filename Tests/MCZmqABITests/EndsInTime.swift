import Glibc
import MCLock
import Testing

/// Ends the run, and says in which test, when one has not returned in time. Calls of the C interface may wait
/// without limit, and a test that is in one cannot be ended otherwise: there would be nothing but silence.
struct EndsInTime: TestTrait, SuiteTrait, TestScoping {
    /// More than any test takes under a sanitizer on a machine that has other things to do.
    private static let limitSeconds = 300

    /// What is running, and when that was to be over; a suite's tests run one after the other.
    private static let running = Locked<(name: String, deadline: Int)?>(nil)

    private static let watchdog: Void = {
        Joined {
            while true {
                sleep(1)
                running.withLock { running in
                    guard let running, clockMilliseconds() > running.deadline else { return }
                    fatalError("\(running.name) has not ended within \(limitSeconds) s")
                }
            }
        }.detach()
    }()

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        Self.watchdog
        let name = "\(test.id)"
        Self.running.withLock { $0 = (name, clockMilliseconds() + 1000 * Self.limitSeconds) }
        defer { Self.running.withLock { $0 = nil } }
        try await function()
    }
}
