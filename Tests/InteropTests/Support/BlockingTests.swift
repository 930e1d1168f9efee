import Glibc
import MCLock
import MCTestSupport
import Testing

/// Threads for tests that block: those of the concurrency runtime are few, and tasks of other tests
/// would not get on. There are twice as many as tests that run at a time, so that what a test
/// starts or resumes has a thread at once.
final class BlockingThreads: TaskExecutor, @unchecked Sendable {
    static let testsAtATime = 6
    static let shared = BlockingThreads(count: 2 * testsAtATime)

    private let queue = Locked<[UnownedJob]>([])
    private let semaphore: UnsafeMutablePointer<sem_t>

    private init(count: Int) {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        for _ in 0..<count {
            startThread { self.run() }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { $0.append(job) }
        sem_post(semaphore)
    }

    private func run() {
        while true {
            while sem_wait(semaphore) != 0 {}
            guard let job = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                continue
            }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// Lets so many in at a time; the others wait as tasks do, in turn.
private final class Gate: Sendable {
    private struct State {
        var free: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Locked<State>

    init(_ count: Int) { state = Locked(State(free: count)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let enters = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if enters { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Runs each test on a thread that it may block.
struct MayBlock: TestTrait, SuiteTrait, TestScoping {
    private static let gate = Gate(BlockingThreads.testsAtATime)

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await MayBlock.gate.enter()
        defer { MayBlock.gate.leave() }
        try await withTaskExecutorPreference(BlockingThreads.shared) { try await function() }
    }
}

extension Trait where Self == MayBlock {
    /// The test blocks its thread: it runs on one of its own, a few at a time. Waiting for its turn
    /// counts for a suite's time limit, which therefore has to be enough for all of them.
    static var mayBlock: Self { Self() }
}
