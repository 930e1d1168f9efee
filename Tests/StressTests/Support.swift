import Glibc
import MCFacade
import MCTestSupport
import Testing

/// All tests of this target, one at a time: they measure, and they load the machine.
@Suite(.serialized) enum Stress {}

/// Whether the long forms run.
let isFull = getenv("MC_FULL") != nil

/// Runs a body that blocks on a thread of its own, so that the tests of other targets keep the
/// few threads that tasks have. It is a task all the same: its issues are those of its test.
func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await Task(executorPreference: ThreadExecutor()) { try body() }.value
}

/// Runs each job on a thread of its own.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        startThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Expects that a process holds no more memory than before, within a slack in KiB.
func expectMemory(
    _ after: Stats, backTo before: Stats, slack: Int = 1024,
    at location: SourceLocation = #_sourceLocation
) {
    if isSanitized { return }
    #expect(after.rss <= before.rss + slack, "\(before) -> \(after)", sourceLocation: location)
}

/// Looks until `condition` holds; whether it did in time.
func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = now() + seconds
    while true {
        if try condition() { return true }
        if now() > deadline { return false }
        usleep(5_000)
    }
}

/// The port of an endpoint "tcp://host:port".
func port(of endpoint: String) throws -> UInt16 {
    guard let text = endpoint.split(separator: ":").last, let port = UInt16(text) else {
        throw Failure("no port in \(endpoint)")
    }
    return port
}

/// A path for `ipc://` that no other test has.
func temporaryPath() -> String {
    "/tmp/mc-stress-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
}

/// The usual patience of a test's own sockets: a lost wake-up must fail, not hang.
func patient(_ change: (inout SocketOptions) -> Void = { _ in }) -> SocketOptions {
    var options = SocketOptions()
    options.receiveTimeoutMilliseconds = 20_000
    options.sendTimeoutMilliseconds = 20_000
    options.lingerMilliseconds = 0
    options.reconnectIntervalMilliseconds = 10
    change(&options)
    return options
}
