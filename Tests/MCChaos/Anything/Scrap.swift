import Glibc
import MCTestSupport
import Synchronization

/// What is sent in the run where anything goes: frames that say of themselves what they must be, so that
/// a damaged one is told from those of others.
///
/// A frame is a mark, where in a pool its bytes come from, and the bytes.
enum Scrap {
    static let headerBytes = 8

    /// How many pieces of memory were lent to messages and have not come back.
    static let lent = Atomic<Int>(0)
    /// How many frames were received whole.
    static let seen = Atomic<Int>(0)

    private static let mark: UInt32 = 0x2143_434D
    private static let poolBytes = 1 << 20

    /// Safe because nobody writes to it once it is made.
    nonisolated(unsafe) private static let pool: UnsafeRawBufferPointer = {
        let pool = UnsafeMutableRawBufferPointer.allocate(byteCount: poolBytes, alignment: 64)
        var random = SeededGenerator(seed: 0x5C8A9)
        for place in 0..<poolBytes / 8 {
            pool.storeBytes(of: random.next(), toByteOffset: place * 8, as: UInt64.self)
        }
        return UnsafeRawBufferPointer(pool)
    }()

    /// Writes a frame of as many bytes as there are.
    static func fill(_ bytes: UnsafeMutableRawBufferPointer, _ chance: inout Chance) {
        guard bytes.count >= headerBytes else {
            for index in bytes.indices { bytes[index] = UInt8(chance.number(0...255)) }
            return
        }
        let body = bytes.count - headerBytes
        let offset = chance.number(0...poolBytes - body)
        bytes.storeBytes(of: mark, as: UInt32.self)
        bytes.storeBytes(of: UInt32(offset), toByteOffset: 4, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: bytes[headerBytes...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: pool[offset..<offset + body]))
    }

    static func make(_ count: Int, _ chance: inout Chance) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { fill($0, &chance) }
        return bytes
    }

    /// Looks whether a frame is as it was made, if it is one of these.
    static func check(_ bytes: UnsafeRawBufferPointer, _ what: @autoclosure () -> String) {
        guard bytes.count >= headerBytes, bytes.loadUnaligned(as: UInt32.self) == mark else {
            return
        }
        let body = bytes.count - headerBytes
        let offset = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard offset + body <= poolBytes, let own = bytes.baseAddress, let other = pool.baseAddress,
            memcmp(own + headerBytes, other + offset, body) == 0
        else {
            fatalError("\(what()): a frame of \(bytes.count) bytes is not as it was sent")
        }
        seen.add(1, ordering: .relaxed)
    }
}
