import MCLock
public import CMCLinux
import Glibc
public import Synchronization

/// The block allocator: one heap per thread, with a free list for each size class.
///
/// A block remembers the heap that it came from. Freed by its own thread it goes on that heap's
/// list; freed by another, it is collected with its neighbours and given back in one atomic
/// exchange, so that a stream from one thread to another allocates nothing in steady state.
/// What a list holds is bounded; beyond the bound blocks go back to malloc.
///
/// - Thread rule: all entry points may be called from any thread.
public enum Heap {
    /// Payload of class n is `smallestBlock << n` bytes less the header.
    @inlinable static var smallestBlock: Int { 128 }
    static let smallestBlockShift = 7
    @inlinable static var classCount: Int { 16 }
    @inlinable package static var headerBytes: Int { 64 }

    /// The largest payload that is pooled; a larger block is an allocation of its own.
    @inlinable public static var largestPooledCapacity: Int {
        (smallestBlock << (classCount - 1)) - headerBytes
    }

    /// What one list of one heap keeps at most: so many bytes, but two blocks in any case.
    static let keptBytesPerClass = 2 << 20
    /// Foreign blocks are given back when so many, or so many bytes, have come together.
    static let foreignBatchCount = 32
    static let foreignBatchBytes = 64 << 10

    @unsafe
    @usableFromInline
    package struct State: ~Copyable {
        @usableFromInline var free: InlineArray<16, UnsafeMutablePointer<Block.Header>?> =
            unsafe InlineArray(
                repeating: nil)
        @usableFromInline var freeCount: InlineArray<16, Int> = InlineArray(repeating: 0)
        /// Blocks that other threads gave back: a stack that only the owner empties, whole. Not the
        /// first member, which ThreadSanitizer takes for the owner's changes of any.
        let returned = unsafe Atomic<UnsafeMutablePointer<Block.Header>?>(nil)
        // The batch of foreign blocks, all of one owner.
        var foreignOwner: UnsafeMutablePointer<State>?
        var foreignFirst: UnsafeMutablePointer<Block.Header>?
        var foreignLast: UnsafeMutablePointer<Block.Header>?
        var foreignCount = 0
        var foreignBytes = 0
        /// Links the heaps of ended threads.
        var nextRetired: UnsafeMutablePointer<State>?
        /// The thread has ended, and no other has taken the heap over.
        let isRetired = Atomic<Bool>(false)
    }

    // MARK: Allocate

    @inlinable
    @inline(__always)
    public static func allocate(capacity: Int) -> Block? {
        let total = capacity &+ headerBytes
        guard capacity <= largestPooledCapacity, let heap = unsafe existing() else {
            return allocateSlowly(capacity: capacity)
        }
        let sizeClass = sizeClass(ofTotal: total)
        guard let header = unsafe heap.pointee.free[sizeClass] else {
            return allocateSlowly(capacity: capacity)
        }
        unsafe heap.pointee.free[sizeClass] = unsafe header.pointee.next
        unsafe heap.pointee.freeCount[sizeClass] &-= 1
        unsafe header.pointee.references.store(1, ordering: .relaxed)
        return unsafe Block(header: header)
    }

    /// The class of blocks of `total` bytes with their header.
    @inlinable
    @inline(__always)
    static func sizeClass(ofTotal total: Int) -> Int {
        total <= smallestBlock ? 0 : (Int.bitWidth - (total &- 1).leadingZeroBitCount) &- 7
    }

    /// The calling thread has no heap yet, or none of the size at hand.
    @usableFromInline
    @inline(never)
    static func allocateSlowly(capacity: Int) -> Block? {
        guard capacity <= largestPooledCapacity else { return allocateSingle(capacity: capacity) }
        let heap = unsafe current()
        unsafe collectReturned(heap)
        let sizeClass = sizeClass(ofTotal: capacity + headerBytes)
        if unsafe heap.pointee.free[sizeClass] != nil { return allocate(capacity: capacity) }
        return unsafe allocateFresh(heap, sizeClass: sizeClass)
    }

    @inline(never)
    private static func allocateFresh(
        _ heap: UnsafeMutablePointer<State>, sizeClass: Int
    ) -> Block? {
        let total = smallestBlock << sizeClass
        guard let raw = unsafe malloc(total) else { return nil }
        return unsafe initialise(
            raw, owner: heap, capacity: total - headerBytes, sizeClass: Int32(sizeClass),
            kind: .pooled)
    }

    @inline(never)
    private static func allocateSingle(capacity: Int) -> Block? {
        guard capacity <= Int.max - headerBytes, let raw = unsafe malloc(capacity + headerBytes)
        else { return nil }
        return unsafe initialise(
            raw, owner: nil, capacity: capacity, sizeClass: -1, kind: .single)
    }

    private static func initialise(
        _ raw: UnsafeMutableRawPointer, owner: UnsafeMutablePointer<State>?, capacity: Int,
        sizeClass: Int32, kind: Block.Kind
    ) -> Block {
        let header = unsafe raw.bindMemory(to: Block.Header.self, capacity: 1)
        unsafe header.initialize(
            to: Block.Header(
                owner: owner, payload: raw + headerBytes, capacity: capacity,
                sizeClass: sizeClass, kind: kind))
        return unsafe Block(header: header)
    }

    /// Grows a block that nobody else refers to, keeping its first `used` bytes. Large ones grow in
    /// place or by moving their pages (realloc), without a copy in user space.
    ///
    /// - Returns: nil, and `block` as it was, when there is no memory: how much a peer sends must
    ///   not end the process.
    package static func grow(_ block: Block, capacity: Int, used: Int) -> Block? {
        precondition(block.isUnique, "a shared block cannot grow")
        if unsafe block.header.pointee.kind == .single {
            guard
                let raw = unsafe realloc(
                    UnsafeMutableRawPointer(block.header), capacity + headerBytes)
            else { return nil }
            let header = unsafe raw.assumingMemoryBound(to: Block.Header.self)
            unsafe header.pointee.payload = raw + headerBytes
            unsafe header.pointee.capacity = capacity
            return unsafe Block(header: header)
        }
        guard let larger = allocateSingle(capacity: capacity) else { return nil }
        unsafe larger.payload.copyMemory(from: block.payload, byteCount: used)
        block.release()
        return larger
    }

    // MARK: Free

    @usableFromInline
    package static func free(_ block: Block) {
        switch unsafe block.header.pointee.kind {
        case .pooled: unsafe freePooled(block.header)
        case .single: unsafe Glibc.free(UnsafeMutableRawPointer(block.header))
        case .adopted: Block.freeAdopted(block)
        }
    }

    @inline(__always)
    private static func freePooled(_ header: UnsafeMutablePointer<Block.Header>) {
        let heap = unsafe current()
        if unsafe header.pointee.owner == heap {
            unsafe keep(header, in: heap)
        } else {
            unsafe giveBack(header, from: heap)
        }
    }

    @inline(__always)
    static func keep(
        _ header: UnsafeMutablePointer<Block.Header>, in heap: UnsafeMutablePointer<State>
    ) {
        let sizeClass = unsafe Int(header.pointee.sizeClass)
        let count = unsafe heap.pointee.freeCount[sizeClass]
        if count >= max(2, keptBytesPerClass >> (smallestBlockShift + sizeClass)) {
            unsafe Glibc.free(UnsafeMutableRawPointer(header))
            return
        }
        unsafe header.pointee.next = heap.pointee.free[sizeClass]
        unsafe heap.pointee.free[sizeClass] = unsafe header
        unsafe heap.pointee.freeCount[sizeClass] = count &+ 1
    }

    @inline(never)
    private static func giveBack(
        _ header: UnsafeMutablePointer<Block.Header>, from heap: UnsafeMutablePointer<State>
    ) {
        if unsafe heap.pointee.foreignOwner != header.pointee.owner { unsafe flushForeign(heap) }
        unsafe header.pointee.next = heap.pointee.foreignFirst
        if unsafe heap.pointee.foreignFirst == nil { unsafe heap.pointee.foreignLast = header }
        unsafe heap.pointee.foreignFirst = header
        unsafe heap.pointee.foreignOwner = header.pointee.owner
        unsafe heap.pointee.foreignCount &+= 1
        unsafe heap.pointee.foreignBytes &+= header.pointee.capacity
        if unsafe heap.pointee.foreignCount >= foreignBatchCount
            || heap.pointee.foreignBytes >= foreignBatchBytes
        {
            unsafe flushForeign(heap)
        }
    }

    static func flushForeign(_ heap: UnsafeMutablePointer<State>) {
        guard let owner = unsafe heap.pointee.foreignOwner,
            let first = unsafe heap.pointee.foreignFirst,
            let last = unsafe heap.pointee.foreignLast
        else { return }
        if unsafe owner.pointee.isRetired.load(ordering: .relaxed) {
            // Nobody is there who would use them again.
            unsafe freeList(first)
        } else {
            unsafe give(first, to: last, back: owner)
        }
        unsafe heap.pointee.foreignOwner = nil
        unsafe heap.pointee.foreignFirst = nil
        unsafe heap.pointee.foreignLast = nil
        unsafe heap.pointee.foreignCount = 0
        unsafe heap.pointee.foreignBytes = 0
    }

    private static func give(
        _ first: UnsafeMutablePointer<Block.Header>, to last: UnsafeMutablePointer<Block.Header>,
        back owner: UnsafeMutablePointer<State>
    ) {
        var top = unsafe owner.pointee.returned.load(ordering: .relaxed)
        while true {
            unsafe last.pointee.next = top
            let (done, seen) = unsafe owner.pointee.returned.weakCompareExchange(
                expected: top, desired: first, successOrdering: .releasing,
                failureOrdering: .relaxed)
            if done { return }
            unsafe top = seen
        }
    }

    /// Frees the blocks of a list, whoever's they are. The last one's link is nil.
    static func freeList(_ first: UnsafeMutablePointer<Block.Header>?) {
        var next = unsafe first
        while let header = unsafe next {
            unsafe next = header.pointee.next
            unsafe Glibc.free(UnsafeMutableRawPointer(header))
        }
    }

    static func collectReturned(_ heap: UnsafeMutablePointer<State>) {
        // Look before taking: the exchange is a locked instruction, and mostly nothing is there.
        guard unsafe heap.pointee.returned.load(ordering: .relaxed) != nil else { return }
        var next = unsafe heap.pointee.returned.exchange(nil, ordering: .acquiring)
        while let header = unsafe next {
            unsafe next = header.pointee.next
            unsafe keep(header, in: heap)
        }
    }

    @inlinable
    @inline(__always)
    static func existing() -> UnsafeMutablePointer<State>? {
        unsafe cmc_thread_heap()?.assumingMemoryBound(to: State.self)
    }
}
