import Glibc
import MCLock
import MCTestSupport

/// Runs `body` for 0, 1, 2… on so many threads, and returns when all have.
///
/// - Throws: the first error.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = Locked<(any Error)?>(nil)
    let run: @Sendable (Int) -> Void = { index in
        do {
            try body(index)
        } catch {
            failure.withLock { $0 = $0 ?? error }
        }
    }
    let others = (1..<max(1, count)).map { index in JoinedThread { run(index) } }
    run(0)
    for thread in others { thread.join() }
    if let error = failure.withLock({ $0 }) { throw error }
}

/// Runs `body` in a task, and blocks this thread until it is done.
func inTask(_ body: @escaping @Sendable () async throws -> Void) throws {
    let failure = Locked<(any Error)?>(nil)
    let gate = Gate()
    Task {
        do {
            try await body()
        } catch {
            failure.withLock { $0 = error }
        }
        gate.open()
    }
    gate.wait()
    if let error = failure.withLock({ $0 }) { throw error }
}

/// What one thread opens and another waits for.
final class Gate: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}
