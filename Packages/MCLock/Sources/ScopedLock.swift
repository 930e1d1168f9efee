/// A lock that can be held for the time of a closure.
public protocol ScopedLock: Sendable {
    func lock()
    func unlock()
}

extension ScopedLock {
    /// Runs `body` with the lock held, which is let go however `body` ends.
    @inlinable
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }
}
