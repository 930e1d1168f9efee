import Foundation
import MCFacade
import MCLock
import MCTestSupport
import Synchronization
import Testing

/// The behaviour of the typed sockets, each test in a context of its own. One after the other:
/// many measure time, or need the processors that there are.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum FacadeTests {}

/// A transport, as the tests that run over all of them are given it.
enum Way: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case tcp
    case ipc
    case inproc

    var testDescription: String { rawValue }

    static let streams: [Way] = [.tcp, .ipc]

    /// Somewhere to bind to that nobody else uses.
    var fresh: String {
        switch self {
        case .tcp: "tcp://127.0.0.1:*"
        case .ipc: "ipc://@\(uniqueName())"
        case .inproc: "inproc://\(uniqueName())"
        }
    }

    /// An endpoint that is known before anybody is bound to it.
    func reserved() throws -> String {
        guard self == .tcp else { return fresh }
        return try RawListener.freeEndpoint()
    }
}

private let names = Atomic<Int>(0)

func uniqueName() -> String {
    "mc-facade-\(getpid())-\(names.add(1, ordering: .relaxed).newValue)"
}

/// Processors that this process may run on.
let usableProcessors: Int = {
    let mask = procText("/proc/self/status").split(separator: "\n").first {
        $0.hasPrefix("Cpus_allowed:")
    }
    let digits = mask?.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue) ?? []
    return digits.reduce(0) { $0 + $1.nonzeroBitCount }
}()

/// Processor time of the calling thread so far.
func threadProcessorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How long a test waits, in milliseconds, for what should come at once.
let patience = 10_000

extension SocketOptions {
    /// Nothing waits for ever, and nothing is left behind.
    static var test: SocketOptions {
        var options = SocketOptions()
        options.sendTimeoutMilliseconds = patience
        options.receiveTimeoutMilliseconds = patience
        options.lingerMilliseconds = 0
        options.reconnectIntervalMilliseconds = 10
        return options
    }

    /// The options for tests, changed.
    static func test(_ change: (inout SocketOptions) -> Void) -> SocketOptions {
        var options = SocketOptions.test
        change(&options)
        return options
    }
}

/// Runs a test's body with a context that is closed at its end, whatever happens.
func withContext<Result>(_ body: (Context) throws -> Result) rethrows -> Result {
    let context = Context()
    defer { context.close() }
    return try body(context)
}

func withContext<Result>(_ body: (Context) async throws -> Result) async rethrows -> Result {
    let context = Context()
    defer { context.close() }
    return try await body(context)
}

/// A pair of sockets, PUSH connected to PULL.
func pipeline(
    _ context: Context, _ way: Way, options: SocketOptions = .test
) throws -> (push: PushSocket, pull: PullSocket) {
    let pull = try PullSocket(context: context, options: options)
    let push = try PushSocket(context: context, options: options)
    try push.connect(try pull.bind(way.fresh))
    return (push, pull)
}

/// A thread of its own with a result.
final class Worker<Value: Sendable>: Sendable {
    private let outcome = Locked<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> Value) {
        startThread { [self] in
            let result = Result { try body() }
            outcome.withLock { $0 = result }
            done.signal()
        }
    }

    /// The result, or what was thrown; an issue when it does not come in time.
    func join(within milliseconds: Int = 2 * patience) throws -> Value {
        let isDone = ends(within: milliseconds)
        try #require(isDone, "the thread does not end")
        return try #require(outcome.withLock { $0 }).get()
    }

    /// Whether it ends within a time.
    func ends(within milliseconds: Int) -> Bool {
        guard done.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else {
            return false
        }
        done.signal()
        return true
    }
}

func pause(_ milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }

/// Milliseconds that `body` takes.
func elapsed(_ body: () throws -> Void) rethrows -> Int {
    let start = ContinuousClock.now
    try body()
    return Int((ContinuousClock.now - start) / .milliseconds(1))
}

/// Looks again and again until `condition` holds.
func eventually(
    within milliseconds: Int = patience, _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = ContinuousClock.now + .milliseconds(milliseconds)
    while true {
        if try condition() { return true }
        if ContinuousClock.now > deadline { return false }
        usleep(500)
    }
}

/// The code of the socket error that `body` ends in; nil when it ends in none.
func code(_ body: () throws -> Void) -> SocketError.Code? {
    do {
        try body()
        return nil
    } catch {
        return code(of: error)
    }
}

func asyncCode(_ body: () async throws -> Void) async -> SocketError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return code(of: error)
    }
}

private func code(of error: any Error) -> SocketError.Code? {
    guard let error = error as? SocketError else {
        Issue.record(error)
        return nil
    }
    #expect(!error.message.isEmpty)
    return error.code
}

extension ReceivingSocket {
    /// The next message's first frame as text.
    func text() throws -> String {
        try #require(try receive().string())
    }

    /// The next message's frames.
    func parts() throws -> [[UInt8]] { try receive().parts }

    func asyncText() async throws -> String {
        try #require(try await receive().string())
    }

    /// Everything that comes until nothing has come for a while.
    func textsUntilQuiet(_ milliseconds: Int = 150) throws -> [String] {
        let before = options.receiveTimeoutMilliseconds
        try setOptions { $0.receiveTimeoutMilliseconds = milliseconds }
        var all: [String] = []
        while true {
            do throws(SocketError) {
                all.append(try receive().string() ?? "?")
            } catch {
                if error.code == .timedOut { break }
                throw error
            }
        }
        try setOptions { $0.receiveTimeoutMilliseconds = before }
        return all
    }

    /// How many come until nothing has come for a while.
    func countUntilQuiet(_ milliseconds: Int = 150) throws -> Int {
        try textsUntilQuiet(milliseconds).count
    }
}

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
