import CMCLinux
public import Synchronization

/// A mutex: a futex word with three states.
///
/// - Budget: one locked instruction to take it and one to let it go while nobody contends.
/// - Ownership: the handle is a plain pointer; its owner calls `destroy` when no thread can come
///   any more.
@safe
@frozen
public struct EngineLock: ScopedLock, @unchecked Sendable {
    /// 0 free, 1 held, 2 held and somebody sleeps.
    @usableFromInline let word: UnsafeMutablePointer<Atomic<UInt32>>

    public static func create() -> EngineLock {
        let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
        unsafe word.initialize(to: Atomic(0))
        return unsafe EngineLock(word: word)
    }

    public func destroy() {
        unsafe word.deinitialize(count: 1)
        unsafe word.deallocate()
    }

    @usableFromInline
    init(word: UnsafeMutablePointer<Atomic<UInt32>>) { unsafe self.word = word }

    @inlinable
    public func lock() {
        if unsafe word.pointee.compareExchange(
            expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged {
            return
        }
        lockSlow()
    }

    @usableFromInline
    @inline(never)
    func lockSlow() {
        // The holders' sections are short: look a few times before sleeping.
        for _ in 0..<40 {
            if unsafe word.pointee.load(ordering: .relaxed) == 0,
                unsafe word.pointee.compareExchange(
                    expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed
                ).exchanged
            {
                return
            }
            _spinHint()
        }
        let raw = unsafe UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self)
        while unsafe word.pointee.exchange(2, ordering: .acquiring) != 0 {
            _ = unsafe cmc_futex_wait(raw, 2, -1)
        }
    }

    @inlinable
    public func unlock() {
        if unsafe word.pointee.exchange(0, ordering: .releasing) == 2 { wakeOne() }
    }

    @usableFromInline
    @inline(never)
    func wakeOne() {
        unsafe cmc_futex_wake(UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self), 1)
    }
}

@inline(__always)
func _spinHint() { cmc_pause() }
