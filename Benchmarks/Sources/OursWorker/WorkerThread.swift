private import Glibc

/// A POSIX thread: what the C workers have, without Foundation, whose memory would be measured, too.
struct WorkerThread: ~Copyable {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () throws -> Void
        init(_ run: @escaping @Sendable () throws -> Void) { self.run = run }
    }

    /// Starts `run`; an error that it throws ends the process.
    init(_ run: @escaping @Sendable () throws -> Void) {
        var thread = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
        // Safe because the thread takes over the reference that is passed to it.
        let result = unsafe pthread_create(
            &thread, nil,
            { body in
                let body = unsafe Unmanaged<Body>.fromOpaque(body!).takeRetainedValue()
                do { try body.run() } catch { fail("thread", error) }
                return nil
            }, body)
        guard result == 0 else { fail("thread", "cannot be started") }
        handle = thread
    }

    consuming func join() { _ = pthread_join(handle, nil) }
}

/// Runs `body` on `count` threads, numbered from 0, `meanwhile` on this one, and waits for all.
func withThreads(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Void, meanwhile: () -> Void = {}
) {
    // A noncopyable thread cannot lie in an array: each call keeps one and joins it.
    guard count > 0 else { return meanwhile() }
    let thread = WorkerThread { try body(count - 1) }
    withThreads(count - 1, body, meanwhile: meanwhile)
    thread.join()
}
