import MCMemory
import Synchronization
import Testing

/// Counts how often adopted memory was given back.
final class Releases: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .acquiring) }

    func add() { number.add(1, ordering: .acquiringAndReleasing) }
}

/// Bytes that differ from their neighbours.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) }
}

/// A block with memory of the test's own, which counts its release.
func adoptedBlock(_ releases: Releases, count: Int = 100) -> Block {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    memory.copyBytes(from: pattern(count))
    let owned = Owned(memory: memory)
    return Block.adopting(memory) {
        owned.memory.deallocate()
        releases.add()
    }
}

/// A frame of such a block.
func adoptedFrame(_ releases: Releases, count: Int = 100) -> Frame {
    let block = adoptedBlock(releases, count: count)
    return Frame(slice: block, address: UnsafeRawPointer(block.payload), count: count)
}

struct Owned: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
}
