import Foundation
import MCLock
import MCTestSupport
import Testing

@testable import MCMemory

@Suite(.timeLimit(.minutes(3)))
struct BlockTests {
    @Test func references() {
        let block = Block.allocate(capacity: 10)
        #expect(block.isUnique)
        block.retain()
        #expect(!block.isUnique)
        block.retain(3)
        block.release(4)
        #expect(block.isUnique)
        block.release()
    }

    /// Capacities are those of the size classes; one byte more takes the next class.
    @Test func sizeClasses() {
        var total = 128
        while total - Heap.headerBytes <= Heap.largestPooledCapacity {
            let payload = total - Heap.headerBytes
            let fits = Block.allocate(capacity: payload)
            #expect(fits.capacity == payload)
            let larger = Block.allocate(capacity: payload + 1)
            if payload == Heap.largestPooledCapacity {
                // Above the classes: exactly what was asked for.
                #expect(larger.capacity == payload + 1)
            } else {
                #expect(larger.capacity == 2 * total - Heap.headerBytes)
            }
            // All of it may be written.
            for block in [fits, larger] {
                block.payload.storeBytes(of: 1, as: UInt8.self)
                block.payload.storeBytes(of: 2, toByteOffset: block.capacity - 1, as: UInt8.self)
                block.release()
            }
            total *= 2
        }
        let empty = Block.allocate(capacity: 0)
        #expect(empty.capacity == 64)
        empty.release()
    }

    /// A thread that frees gets the same memory again.
    @Test func ownBlocksAreUsedAgain() {
        for capacity in [1, 64, 65, 1000, 60_000] {
            let first = Block.allocate(capacity: capacity)
            let address = first.payload
            first.release()
            let second = Block.allocate(capacity: capacity)
            #expect(second.payload == address)
            second.release()
        }
    }

    /// Sizes that no machine has: nothing comes, and nothing traps.
    @Test func noMemory() {
        for capacity in [1 << 60, Int.max / 2, Int.max - 1, Int.max] {
            #expect(Block.allocateIfPossible(capacity: capacity) == nil)
            // The bytes are not looked at before there is room for them.
            let bytes = UnsafeRawBufferPointer(start: .init(bitPattern: 4096), count: capacity)
            if Frame(copyingIfPossible: bytes) != nil { Issue.record("a frame of \(capacity)") }
        }
        let small = Block.allocateIfPossible(capacity: 100)
        #expect(small != nil)
        small?.release()
    }

    @Test func growingKeepsTheBytes() throws {
        for (from, to) in [(10, 100), (1000, 100_000), (5 << 20, 12 << 20)] {
            let block = Block.allocate(capacity: from)
            let bytes = pattern(from)
            block.payload.copyMemory(from: bytes, byteCount: from)
            let larger = try #require(Heap.grow(block, capacity: to, used: from))
            #expect(larger.capacity >= to)
            #expect(larger.isUnique)
            let kept = UnsafeRawBufferPointer(start: larger.payload, count: from)
            #expect(kept.elementsEqual(bytes))
            larger.release()
        }
    }

    @Test func adoptedMemoryIsGivenBackOnce() {
        let releases = Releases()
        let block = adoptedBlock(releases)
        #expect(block.capacity == 100)
        block.retain(2)
        block.release()
        block.release()
        #expect(releases.count == 0)
        block.release()
        #expect(releases.count == 1)
        // An empty buffer has no address, and is given back as well.
        let empty = Block.adopting(UnsafeMutableRawBufferPointer(start: nil, count: 0)) {
            releases.add()
        }
        #expect(empty.capacity == 0)
        empty.release()
        #expect(releases.count == 2)
    }

    /// Whoever lets the last reference go, it is let go once.
    @Test func referencesOfManyThreads() {
        let releases = Releases()
        let rounds = 500
        for _ in 0..<rounds {
            let block = adoptedBlock(releases)
            block.retain(3)
            let done = DispatchGroup()
            for _ in 0..<4 {
                DispatchQueue.global().async(group: done) {
                    for _ in 0..<20 {
                        block.retain()
                        block.release()
                    }
                    block.release()
                }
            }
            done.wait()
        }
        #expect(releases.count == rounds)
    }

    /// A million blocks from one thread to another: what is used is about what is under way.
    @Test func blocksReturnToTheirThread() {
        let stream = Stream(capacity: 8)
        let total = 1_000_000
        let batch = 250
        let consumer = Thread {
            while let blocks = stream.take() {
                for block in blocks { block.release() }
            }
            stream.finish()
        }
        consumer.start()
        var addresses: Set<UInt> = []
        for _ in 0..<(total / batch) {
            stream.put((0..<batch).map { _ in Block.allocate(capacity: 150) })
            addresses.formUnion(stream.lastAddresses)
        }
        stream.put(nil)
        stream.waitUntilFinished()
        // Under way at most 9 batches, 32 foreign ones not flushed, and the rest of one list.
        #expect(addresses.count < 12 * batch, "\(addresses.count)")
        Heap.trim()
    }

    /// What a thread has kept for itself is malloc's again when it ends.
    @Test func anEndedThreadKeepsNothing() {
        for capacity in [100, 10_000, Heap.largestPooledCapacity] {
            let kept = onThread {
                let blocks = (0..<4).map { _ in Block.allocate(capacity: capacity) }
                for block in blocks { block.release() }
                return Heap.keptBytes
            }
            #expect(kept >= 2 * capacity)
            #expect(onThread { Heap.keptBytes } == 0)
        }
    }

    /// Blocks that come back to a thread that has ended are not kept for it.
    @Test func nothingIsKeptForAnEndedThread() {
        let blocks = onThread { (0..<64).map { _ in Block.allocate(capacity: 5000) } }
        _ = onThread {
            let own = Block.allocate(capacity: 5000)
            for block in blocks { block.release() }
            own.release()
            return 0
        }
        for _ in 0..<2 { #expect(onThread { Heap.keptBytes } == 0) }
    }

    /// What `body` says on a thread of its own, which has ended.
    private func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result {
        let results = Locked<[Result]>([])
        JoinedThread {
            let result = body()
            results.withLock { $0.append(result) }
        }.join()
        return results.withLock { $0[0] }
    }

    /// A bounded channel of batches.
    private final class Stream: @unchecked Sendable {
        private let room: DispatchSemaphore
        private let filled = DispatchSemaphore(value: 0)
        private let finished = DispatchSemaphore(value: 0)
        private let batches = Locked<[[Block]?]>([])
        private(set) var lastAddresses: [UInt] = []

        init(capacity: Int) { room = DispatchSemaphore(value: capacity) }

        func put(_ blocks: [Block]?) {
            room.wait()
            lastAddresses = (blocks ?? []).map { UInt(bitPattern: $0.payload) }
            batches.withLock { $0.append(blocks) }
            filled.signal()
        }

        func take() -> [Block]? {
            filled.wait()
            defer { room.signal() }
            return batches.withLock { $0.removeFirst() }
        }

        func finish() { finished.signal() }

        func waitUntilFinished() { finished.wait() }
    }

    /// The heap of a thread that ended serves the next one.
    @Test func threadsComeAndGo() {
        var heaps: Set<UInt> = []
        for _ in 0..<200 {
            let done = DispatchSemaphore(value: 0)
            let heap = Locked<UInt>(0)
            let thread = Thread {
                Block.allocate(capacity: 700).release()
                heap.withLock { $0 = UInt(bitPattern: Heap.current()) }
                done.signal()
            }
            thread.start()
            done.wait()
            // Until the thread has really gone its heap is not free.
            while !thread.isFinished { usleep(100) }
            usleep(200)
            heaps.insert(heap.withLock { $0 })
        }
        #expect(heaps.count < 40)
    }

    @Test func aSharedBlockDoesNotGrow() async {
        await #expect(processExitsWith: .failure) {
            let block = Block.allocate(capacity: 10)
            block.retain()
            _ = Heap.grow(block, capacity: 100, used: 0)
        }
    }
}
