import CMCLinux
import MCLock
import Synchronization

/// A thread's heap comes with its first block, and outlives the thread.
extension Heap {
    /// Heaps of threads that ended; the next new thread takes one over.
    private static let retired = Locked<RetiredHeaps>(RetiredHeaps())

    @safe
    private struct RetiredHeaps: @unchecked Sendable {
        var first: UnsafeMutablePointer<State>?
    }

    @inline(__always)
    static func current() -> UnsafeMutablePointer<State> {
        unsafe existing() ?? makeCurrent()
    }

    @inline(never)
    private static func makeCurrent() -> UnsafeMutablePointer<State> {
        let adopted = unsafe retired.withLock { retired -> UnsafeMutablePointer<State>? in
            guard let heap = unsafe retired.first else { return nil }
            unsafe retired.first = heap.pointee.nextRetired
            unsafe heap.pointee.nextRetired = nil
            unsafe heap.pointee.isRetired.store(false, ordering: .relaxed)
            return unsafe heap
        }
        let heap =
            unsafe adopted
            ?? {
                let fresh = UnsafeMutablePointer<State>.allocate(capacity: 1)
                unsafe fresh.initialize(to: State())
                return unsafe fresh
            }()
        unsafe cmc_thread_heap_set(heap) { heap in
            guard let heap = unsafe heap else { return }
            unsafe Heap.retire(heap.assumingMemoryBound(to: State.self))
        }
        return unsafe heap
    }

    /// Keeps an ended thread's heap for the next thread, because its blocks may still be out. What is
    /// free goes back to malloc: the next thread may be long in coming.
    private static func retire(_ heap: UnsafeMutablePointer<State>) {
        unsafe heap.pointee.isRetired.store(true, ordering: .relaxed)
        unsafe empty(heap)
        retired.withLock { retired in
            unsafe heap.pointee.nextRetired = retired.first
            unsafe retired.first = heap
        }
    }

    // MARK: Trim

    /// Gives the calling thread's free blocks back to malloc. For tests that compare memory before
    /// and after, and for programs that know that a busy phase is over.
    public static func trim() {
        unsafe empty(current())
    }

    private static func empty(_ heap: UnsafeMutablePointer<State>) {
        unsafe flushForeign(heap)
        unsafe collectReturned(heap)
        for sizeClass in 0..<classCount {
            unsafe freeList(heap.pointee.free[sizeClass])
            unsafe heap.pointee.free[sizeClass] = nil
            unsafe heap.pointee.freeCount[sizeClass] = 0
        }
    }

    /// What the calling thread keeps for its next blocks.
    package static var keptBytes: Int {
        let heap = unsafe current()
        unsafe collectReturned(heap)
        return (0..<classCount).reduce(0) { bytes, sizeClass in
            unsafe bytes + heap.pointee.freeCount[sizeClass] * smallestBlock << sizeClass
        }
    }
}
