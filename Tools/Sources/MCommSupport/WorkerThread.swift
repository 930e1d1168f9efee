private import Glibc
private import Synchronization

/// A thread of the system for blocking work; `join` waits for its end and rethrows its error.
public final class WorkerThread: Sendable {
    private let result: Outcome
    private let thread: pthread_t

    private final class Outcome: Sendable {
        let body: @Sendable () throws -> Void
        let error = Mutex<(any Error)?>(nil)

        init(_ body: @escaping @Sendable () throws -> Void) {
            self.body = body
        }

        func run() {
            do {
                try body()
            } catch {
                self.error.withLock { $0 = error }
            }
        }
    }

    /// Starts the thread.
    public init(_ body: @escaping @Sendable () throws -> Void) {
        let outcome = Outcome(body)
        result = outcome
        var thread = pthread_t()
        // Safe because the retained object is taken over by the thread, exactly once.
        let argument = unsafe Unmanaged.passRetained(outcome).toOpaque()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Outcome>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        precondition(status == 0, "the system gives no thread")
        self.thread = thread
    }

    /// Waits for the thread's end. Call once.
    public func join() throws {
        pthread_join(thread, nil)
        if let error = result.error.withLock({ $0 }) { throw error }
    }
}
