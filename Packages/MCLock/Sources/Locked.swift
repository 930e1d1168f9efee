/// A value behind an `EngineLock`, for state that is touched now and then: mailboxes, registries.
///
/// The standard library's `Mutex` would do, but hands the lock over inside the kernel where
/// ThreadSanitizer cannot see it and reports races that are none.
///
/// A value that is a function belongs into a struct: the compiler wraps a bare one anew with every call of
/// `withLock`.
///
/// - Thread rule: any thread; `body` must not take the same lock.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = EngineLock.create()
    private var value: Value

    package init(_ value: consuming Value) { self.value = value }

    deinit { lock.destroy() }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
