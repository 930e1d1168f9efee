import Glibc

/// Runs `body` on a thread of its own, which nobody joins.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    pthread_detach(makeThread(body))
}

/// A thread that is waited for.
package struct JoinedThread: Sendable {
    private let thread: pthread_t

    /// - Parameter stackBytes: nil for as much as the system gives.
    package init(stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) {
        thread = makeThread(stackBytes: stackBytes, body)
    }

    /// Returns when the thread has ended. Once only.
    package func join() { pthread_join(thread, nil) }
}

private func makeThread(
    stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void
) -> pthread_t {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // Safe because the box is retained here and released by the thread.
    let argument = Unmanaged.passRetained(Box(body)).toOpaque()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
    let error = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, argument)
    guard error == 0 else { fatalError("no thread: error \(error)") }
    return thread
}
