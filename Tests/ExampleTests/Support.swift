import Glibc
import MCFacade
import Synchronization
import Testing

/// The Guide's patterns as a user of this library would write them: one file says what is agreed upon and
/// how it is kept, the test beside it proves what the pattern promises. One after the other: they are
/// about time.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum Examples {}

private let names = Atomic<Int>(0)

/// Somewhere that nobody else is bound to.
func freshEndpoint(_ scheme: String = "ipc") -> String {
    if scheme == "tcp" { return "tcp://127.0.0.1:*" }
    let name = "mc-example-\(getpid())-\(names.add(1, ordering: .relaxed).newValue)"
    return scheme == "ipc" ? "ipc://@\(name)" : "inproc://\(name)"
}

/// Runs a test's body with a context that is closed at its end, whatever happens.
func withContext<Result>(_ body: (Context) async throws -> Result) async rethrows -> Result {
    let context = Context()
    defer { context.close() }
    return try await body(context)
}

extension SocketOptions {
    /// What is left when an example ends is of no use, and reconnecting takes no second.
    static var example: SocketOptions {
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        options.reconnectIntervalMilliseconds = 10
        return options
    }
}

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// Looks again and again until `condition` holds.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while try await !condition() {
        if ContinuousClock.now > deadline { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return true
}

/// Milliseconds until then, for calls that wait; 0 when it is over.
func milliseconds(until deadline: ContinuousClock.Instant) -> Int {
    // Rounded up: who wakes too early would only wait again.
    max(0, Int((deadline - .now) / .milliseconds(1)) + 1)
}
