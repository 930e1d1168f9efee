public import Synchronization

/// A reference-counted piece of memory: a header of 64 bytes and the payload behind it.
///
/// A block is a plain pointer: copying the handle does not count, `retain` and `release` do.
/// Blocks come from the calling thread's `Heap` and go back to the heap that they came from,
/// whichever thread lets the last reference go.
///
/// - Thread rule: any thread may retain, release and read; writing needs the only reference.
/// - Budget: release of the last reference is one atomic load, no read-modify-write.
/// - Safety: whoever holds a handle holds a reference, or borrows from somebody who does.
@safe
@frozen
public struct Block: @unchecked Sendable {
    /// What stands in front of the payload.
    @unsafe
    @usableFromInline
    package struct Header: ~Copyable {
        @usableFromInline package let references: Atomic<Int>
        /// Links blocks in a heap's lists. Meaningless while the block is in use.
        @usableFromInline package var next: UnsafeMutablePointer<Header>?
        /// The heap that the block returns to; nil for blocks outside the size classes.
        @usableFromInline package var owner: UnsafeMutablePointer<Heap.State>?
        @usableFromInline package var payload: UnsafeMutableRawPointer
        @usableFromInline package var capacity: Int
        @usableFromInline package var sizeClass: Int32
        @usableFromInline package var kind: Kind

        init(
            owner: UnsafeMutablePointer<Heap.State>?, payload: UnsafeMutableRawPointer,
            capacity: Int, sizeClass: Int32, kind: Kind
        ) {
            unsafe references = Atomic(1)
            unsafe next = nil
            unsafe self.owner = owner
            unsafe self.payload = payload
            unsafe self.capacity = capacity
            unsafe self.sizeClass = sizeClass
            unsafe self.kind = kind
        }
    }

    @usableFromInline
    package enum Kind: Int32 {
        /// From a heap's size class.
        case pooled
        /// Larger than the size classes: its own allocation.
        case single
        /// Somebody else's memory with a closure that gives it back.
        case adopted
    }

    @usableFromInline package let header: UnsafeMutablePointer<Header>

    @inlinable
    package init(header: UnsafeMutablePointer<Header>) {
        unsafe self.header = header
    }

    /// The block of a payload that came from `allocate`, not from `adopting`.
    init(ownPayload payload: UnsafeMutableRawPointer) {
        // Safe because the payload of such a block stands right behind its header.
        unsafe header = (payload - Heap.headerBytes).assumingMemoryBound(to: Header.self)
    }

    /// The first byte of the payload.
    @inlinable public var payload: UnsafeMutableRawPointer { unsafe header.pointee.payload }

    /// Usable bytes of payload.
    @inlinable public var capacity: Int { unsafe header.pointee.capacity }

    /// Whether the payload is somebody else's memory.
    @inlinable package var isAdopted: Bool { unsafe header.pointee.kind == .adopted }

    /// Whether the caller's reference is the only one.
    @inlinable public var isUnique: Bool {
        unsafe header.pointee.references.load(ordering: .acquiring) == 1
    }

    @inlinable
    public func retain(_ count: Int = 1) {
        unsafe header.pointee.references.wrappingAdd(count, ordering: .relaxed)
    }

    @inlinable
    public func release(_ count: Int = 1) {
        if unsafe header.pointee.references.load(ordering: .acquiring) == count {
            Heap.free(self)
        } else if unsafe header.pointee.references.wrappingSubtract(
            count, ordering: .acquiringAndReleasing
        )
        .newValue == 0 {
            Heap.free(self)
        }
    }
}

extension Block {
    /// A block of at least `capacity` bytes, contents undefined, one reference; nil when there is
    /// no memory. For sizes that a peer or a caller chose.
    ///
    /// - Complexity: O(1); no system call while the heap has one of the size at hand.
    @inlinable
    public static func allocateIfPossible(capacity: Int) -> Block? {
        Heap.allocate(capacity: capacity)
    }

    /// As `allocateIfPossible`, for sizes of our own: traps when there is no memory, as Swift's own
    /// objects and arrays do.
    @inlinable
    public static func allocate(capacity: Int) -> Block {
        guard let block = allocateIfPossible(capacity: capacity) else {
            preconditionFailure("no memory for a block")
        }
        return block
    }

    /// Wraps memory that somebody else owns. `release` runs once, on whichever thread lets the
    /// last reference go, and must not block.
    public static func adopting(
        _ memory: UnsafeMutableRawBufferPointer, release: @escaping @Sendable () -> Void
    ) -> Block {
        let box = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<AdoptedHeader>.stride,
            alignment: MemoryLayout<AdoptedHeader>.alignment)
        // An empty buffer has no base address; any address will do, nothing is read from it.
        let payload = unsafe memory.baseAddress ?? box
        let adopted = unsafe box.bindMemory(to: AdoptedHeader.self, capacity: 1)
        unsafe adopted.initialize(
            to: AdoptedHeader(
                header: Header(
                    owner: nil, payload: payload, capacity: memory.count, sizeClass: -1,
                    kind: .adopted),
                release: release))
        return unsafe Block(
            header: UnsafeMutableRawPointer(adopted).assumingMemoryBound(to: Header.self))
    }

    /// A header with the closure behind it; the header comes first so that the address is the same.
    @safe
    private struct AdoptedHeader: ~Copyable {
        let header: Header
        let release: @Sendable () -> Void
    }

    /// Gives adopted memory back to its owner.
    static func freeAdopted(_ block: Block) {
        let adopted = unsafe UnsafeMutableRawPointer(block.header)
            .assumingMemoryBound(to: AdoptedHeader.self)
        let release = unsafe adopted.pointee.release
        unsafe adopted.deinitialize(count: 1)
        unsafe adopted.deallocate()
        release()
    }
}
