import MCLock
public import MCPool

// Waiting in tasks: no thread is blocked meanwhile.
extension Poller {
    /// Suspends the task until something is ready, for up to so many milliseconds; -1 for ever.
    ///
    /// To find out what is ready is not to receive in any of the three ways: take messages with
    /// `tryReceive`, or with `await receive`, which does not suspend for one that is there.
    ///
    /// Descriptors are watched by the I/O thread of one of the sockets, or of `Context.shared` where
    /// there is none.
    ///
    /// - Returns: what is ready, in the order in which it was added; nothing when the time is over.
    /// - Throws: as the blocking form, and `cancelled` when the task is. Nothing is lost then: what is
    ///   ready is found by the next wait.
    public func wait(timeoutMilliseconds: Int = -1) async throws(SocketError) -> [Ready] {
        let items = items.withLock { $0 }
        let polled = try await Polling.waitAsync(
            for: items.map(\.polled), until: deadline(after: timeoutMilliseconds),
            helper: { () throws(SocketError) in try Context.shared.helper() })
        return try ready(items, polled)
    }

    /// What is ready, one thing after the other, for as long as the loop goes on. What has not been
    /// dealt with comes again.
    ///
    /// ```swift
    /// for try await ready in poller.events {
    ///     if ready.socket === requests, let request = try requests.tryReceive() { … }
    /// }
    /// ```
    ///
    /// It ends when the task is cancelled, or when nothing is watched any more, and throws what `wait`
    /// throws: a socket that is closed must be removed first.
    public var events: Events { Events(poller: self) }

    /// What is ready, for `for try await`.
    public struct Events: AsyncSequence, Sendable {
        public typealias Element = Ready
        public typealias Failure = SocketError

        let poller: Poller

        public func makeAsyncIterator() -> Iterator { Iterator(poller: poller) }

        public struct Iterator: AsyncIteratorProtocol {
            let poller: Poller
            /// What the last look found and has not been told, the next last.
            private var found: [Ready] = []

            init(poller: Poller) { self.poller = poller }

            public mutating func next() async throws(SocketError) -> Ready? {
                while !Task.isCancelled {
                    while let next = found.popLast() {
                        // What was removed since is nobody's business any more.
                        if poller.watches(next) { return next }
                    }
                    guard poller.count > 0 else { return nil }
                    do throws(SocketError) {
                        found = try await poller.wait().reversed()
                    } catch {
                        if error.code == .cancelled { return nil }
                        throw error
                    }
                }
                return nil
            }

            public mutating func next(
                isolation: isolated (any Actor)?
            ) async throws(SocketError) -> Ready? {
                try await next()
            }
        }
    }
}
