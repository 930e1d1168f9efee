import Glibc
import Synchronization
import Testing

/// Threads for tests that block: those of the concurrency runtime are few, and tasks of other tests
/// would not get on.
final class BlockingThreads: TaskExecutor, @unchecked Sendable {
    static let shared = BlockingThreads(count: 4)

    private let queue = Mutex<[UnownedJob]>([])
    private let semaphore: UnsafeMutablePointer<sem_t>

    private init(count: Int) {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        for _ in 0..<count {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(self).toOpaque()
            pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<BlockingThreads>.fromOpaque(argument).takeUnretainedValue().run()
                    return nil
                }, argument)
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

/// Runs each test on a thread that it may block.
struct MayBlock: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockingThreads.shared) { try await function() }
    }
}

extension Trait where Self == MayBlock {
    static var mayBlock: Self { Self() }
}
