import CMCLinux
import Glibc
import Synchronization

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
    static let smallestBlock = 128
    static let classCount = 12
    package static let headerBytes = 64

    /// The largest payload that is pooled; a larger block is an allocation of its own.
    public static let largestPooledCapacity = (smallestBlock << (classCount - 1)) - headerBytes

    /// What one list of one heap keeps at most.
    static let keptBytesPerClass = 2 << 20
    /// Foreign blocks are given back when so many, or so many bytes, have come together.
    static let foreignBatchCount = 32
    static let foreignBatchBytes = 64 << 10

    @unsafe
    @usableFromInline
    package struct State: ~Copyable {
        /// Blocks that other threads gave back: a stack that only the owner empties, whole.
        let returned = Atomic<UnsafeMutablePointer<Block.Header>?>(nil)
        var free: InlineArray<12, UnsafeMutablePointer<Block.Header>?> = InlineArray(repeating: nil)
        var freeCount: InlineArray<12, Int> = InlineArray(repeating: 0)
        // The batch of foreign blocks, all of one owner.
        var foreignOwner: UnsafeMutablePointer<State>?
        var foreignFirst: UnsafeMutablePointer<Block.Header>?
        var foreignLast: UnsafeMutablePointer<Block.Header>?
        var foreignCount = 0
        var foreignBytes = 0
        /// Links the heaps of ended threads.
        var nextRetired: UnsafeMutablePointer<State>?
    }

    /// Heaps of threads that ended; the next new thread takes one over with all its blocks.
    private static let retired = Mutex<RetiredHeaps>(RetiredHeaps())

    @safe
    private struct RetiredHeaps: @unchecked Sendable {
        var first: UnsafeMutablePointer<State>?
    }

    // MARK: Allocate

    @usableFromInline
    package static func allocate(capacity: Int) -> Block {
        let total = capacity &+ headerBytes
        guard capacity <= largestPooledCapacity else { return allocateSingle(capacity: capacity) }
        let sizeClass =
            total <= smallestBlock
            ? 0 : (Int.bitWidth - (total &- 1).leadingZeroBitCount) &- 7
        let heap = current()
        if heap.pointee.free[sizeClass] == nil { collectReturned(heap) }
        guard let header = heap.pointee.free[sizeClass] else {
            return allocateFresh(heap, sizeClass: sizeClass)
        }
        heap.pointee.free[sizeClass] = header.pointee.next
        heap.pointee.freeCount[sizeClass] &-= 1
        header.pointee.references.store(1, ordering: .relaxed)
        return Block(header: header)
    }

    @inline(never)
    private static func allocateFresh(
        _ heap: UnsafeMutablePointer<State>, sizeClass: Int
    ) -> Block {
        let total = smallestBlock << sizeClass
        return initialise(
            rawAllocate(total), owner: heap, capacity: total - headerBytes,
            sizeClass: Int32(sizeClass), kind: .pooled)
    }

    @inline(never)
    private static func allocateSingle(capacity: Int) -> Block {
        initialise(
            rawAllocate(capacity + headerBytes), owner: nil, capacity: capacity, sizeClass: -1,
            kind: .single)
    }

    private static func initialise(
        _ raw: UnsafeMutableRawPointer, owner: UnsafeMutablePointer<State>?, capacity: Int,
        sizeClass: Int32, kind: Block.Kind
    ) -> Block {
        let header = raw.bindMemory(to: Block.Header.self, capacity: 1)
        header.initialize(
            to: Block.Header(
                owner: owner, payload: raw + headerBytes, capacity: capacity,
                sizeClass: sizeClass, kind: kind))
        return Block(header: header)
    }

    private static func rawAllocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let raw = malloc(bytes) else {
            fatalError("out of memory: \(bytes) bytes for a message block")
        }
        return raw
    }

    /// Grows a block that nobody else refers to, keeping its first `used` bytes. Large ones grow in
    /// place or by moving their pages (realloc), without a copy in user space.
    package static func grow(_ block: Block, capacity: Int, used: Int) -> Block {
        precondition(block.isUnique, "a shared block cannot grow")
        if block.header.pointee.kind == .single {
            guard let raw = realloc(UnsafeMutableRawPointer(block.header), capacity + headerBytes)
            else { fatalError("out of memory: \(capacity) bytes for a message block") }
            let header = raw.assumingMemoryBound(to: Block.Header.self)
            header.pointee.payload = raw + headerBytes
            header.pointee.capacity = capacity
            return Block(header: header)
        }
        let larger = allocate(capacity: capacity)
        larger.payload.copyMemory(from: block.payload, byteCount: used)
        block.release()
        return larger
    }

    // MARK: Free

    @usableFromInline
    package static func free(_ block: Block) {
        switch block.header.pointee.kind {
        case .pooled: freePooled(block.header)
        case .single: Glibc.free(UnsafeMutableRawPointer(block.header))
        case .adopted: Block.freeAdopted(block)
        }
    }

    private static func freePooled(_ header: UnsafeMutablePointer<Block.Header>) {
        let heap = current()
        if header.pointee.owner == heap {
            keep(header, in: heap)
        } else {
            giveBack(header, from: heap)
        }
    }

    private static func keep(
        _ header: UnsafeMutablePointer<Block.Header>, in heap: UnsafeMutablePointer<State>
    ) {
        let sizeClass = Int(header.pointee.sizeClass)
        let count = heap.pointee.freeCount[sizeClass]
        if count >= keptBytesPerClass / (smallestBlock << sizeClass) {
            Glibc.free(UnsafeMutableRawPointer(header))
            return
        }
        header.pointee.next = heap.pointee.free[sizeClass]
        heap.pointee.free[sizeClass] = header
        heap.pointee.freeCount[sizeClass] = count &+ 1
    }

    private static func giveBack(
        _ header: UnsafeMutablePointer<Block.Header>, from heap: UnsafeMutablePointer<State>
    ) {
        if heap.pointee.foreignOwner != header.pointee.owner { flushForeign(heap) }
        header.pointee.next = heap.pointee.foreignFirst
        if heap.pointee.foreignFirst == nil { heap.pointee.foreignLast = header }
        heap.pointee.foreignFirst = header
        heap.pointee.foreignOwner = header.pointee.owner
        heap.pointee.foreignCount &+= 1
        heap.pointee.foreignBytes &+= header.pointee.capacity
        if heap.pointee.foreignCount >= foreignBatchCount
            || heap.pointee.foreignBytes >= foreignBatchBytes
        {
            flushForeign(heap)
        }
    }

    private static func flushForeign(_ heap: UnsafeMutablePointer<State>) {
        guard let owner = heap.pointee.foreignOwner, let first = heap.pointee.foreignFirst,
            let last = heap.pointee.foreignLast
        else { return }
        var top = owner.pointee.returned.load(ordering: .relaxed)
        while true {
            last.pointee.next = top
            let (done, seen) = owner.pointee.returned.weakCompareExchange(
                expected: top, desired: first, successOrdering: .releasing,
                failureOrdering: .relaxed)
            if done { break }
            top = seen
        }
        heap.pointee.foreignOwner = nil
        heap.pointee.foreignFirst = nil
        heap.pointee.foreignLast = nil
        heap.pointee.foreignCount = 0
        heap.pointee.foreignBytes = 0
    }

    private static func collectReturned(_ heap: UnsafeMutablePointer<State>) {
        // Look before taking: the exchange is a locked instruction, and mostly nothing is there.
        guard heap.pointee.returned.load(ordering: .relaxed) != nil else { return }
        var next = heap.pointee.returned.exchange(nil, ordering: .acquiring)
        while let header = next {
            next = header.pointee.next
            keep(header, in: heap)
        }
    }

    // MARK: Threads

    @inline(__always)
    private static func current() -> UnsafeMutablePointer<State> {
        if let heap = cmc_thread_heap() { return heap.assumingMemoryBound(to: State.self) }
        return makeCurrent()
    }

    @inline(never)
    private static func makeCurrent() -> UnsafeMutablePointer<State> {
        let adopted = retired.withLock { retired -> UnsafeMutablePointer<State>? in
            guard let heap = retired.first else { return nil }
            retired.first = heap.pointee.nextRetired
            heap.pointee.nextRetired = nil
            return heap
        }
        let heap =
            adopted
            ?? {
                let fresh = UnsafeMutablePointer<State>.allocate(capacity: 1)
                fresh.initialize(to: State())
                return fresh
            }()
        cmc_thread_heap_set(heap) { heap in
            guard let heap else { return }
            Heap.retire(heap.assumingMemoryBound(to: State.self))
        }
        return heap
    }

    /// Keeps an ended thread's heap for the next thread: its blocks may still be out.
    private static func retire(_ heap: UnsafeMutablePointer<State>) {
        flushForeign(heap)
        retired.withLock { retired in
            heap.pointee.nextRetired = retired.first
            retired.first = heap
        }
    }

    // MARK: Trim

    /// Gives the calling thread's free blocks back to malloc. For tests that compare memory before
    /// and after, and for programs that know that a busy phase is over.
    public static func trim() {
        let heap = current()
        flushForeign(heap)
        collectReturned(heap)
        for sizeClass in 0..<classCount {
            var next = heap.pointee.free[sizeClass]
            while let header = next {
                next = header.pointee.next
                Glibc.free(UnsafeMutableRawPointer(header))
            }
            heap.pointee.free[sizeClass] = nil
            heap.pointee.freeCount[sizeClass] = 0
        }
    }
}
