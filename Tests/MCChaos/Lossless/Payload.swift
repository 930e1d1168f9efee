import Glibc
import MCMemory
import MCTestSupport
import Synchronization

/// The messages of the run where nothing may get lost: what a number says, and nothing else.
///
/// A message is known by its stream and its place in it; both ends make it, or check it, from these two.
/// `Tests/ChaosTests/Peers/payload.py` does the same.
enum Payload {
    /// Whose message it is.
    struct Name: Sendable, Equatable {
        var stream: UInt32
        var number: UInt32
        /// The most bytes that a frame has.
        var limit: UInt32

        static let byteCount = 16
    }

    /// How much of the pool has been lent to messages and was not given back yet.
    static let lent = Atomic<Int>(0)

    private static let magic: UInt32 = 0x2153_434D
    private static let poolBytes = 1 << 20

    /// What all messages are slices of. Safe because nobody writes to it once it is made.
    nonisolated(unsafe) private static let pool: UnsafeRawBufferPointer = {
        let pool = UnsafeMutableRawBufferPointer.allocate(byteCount: poolBytes, alignment: 64)
        for place in 0..<poolBytes / 8 {
            pool.storeBytes(of: mix(UInt64(place)), toByteOffset: place * 8, as: UInt64.self)
        }
        return UnsafeRawBufferPointer(pool)
    }()

    /// SplitMix64's output for a state.
    static func mix(_ state: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: state)
        return generator.next()
    }

    private static func state(_ name: Name) -> UInt64 {
        UInt64(name.stream) << 32 | UInt64(name.number)
    }

    private static func frameCount(_ name: Name) -> Int {
        let drawn = mix(state(name))
        return drawn % 8 == 0 ? 1 + Int((drawn >> 8) % 5) : 1
    }

    /// Where in the pool a frame's bytes lie.
    private static func range(_ name: Name, _ index: Int) -> Range<Int> {
        let drawn = mix(state(name) ^ UInt64(index + 1) << 24)
        let most =
            switch drawn % 100 {
            case 0..<70: 100
            case 70..<95: 2000
            case 95..<99: 20_000
            default: Int(name.limit)
            }
        let size = Int((drawn >> 8 & 0xFF_FFFF) % UInt64(min(most, Int(name.limit)) + 1))
        let start = Int((drawn >> 32) % UInt64(poolBytes - Int(name.limit)))
        return start..<start + size
    }

    /// What subscribers subscribe to.
    static let prefixes = ["a", "b", "b1", "c", "c0", "c2", "d"]

    /// The topic under which a message is published.
    static func topic(_ name: Name) -> [UInt8] {
        let drawn = mix(UInt64(name.stream) << 32 | (UInt64(name.number) ^ 0x55AA))
        return [97 + UInt8(drawn % 4), 48 + UInt8(drawn / 4 % 3)]
    }

    // MARK: Making

    static func message(_ name: Name) -> Message {
        let first = range(name, 0)
        var message = Message(
            Frame(count: Name.byteCount + first.count) { bytes in
                let words = [magic, name.stream, name.number, name.limit]
                words.withUnsafeBytes { bytes.copyMemory(from: $0) }
                UnsafeMutableRawBufferPointer(rebasing: bytes[Name.byteCount...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: pool[first]))
            })
        for index in 1..<frameCount(name) { message.append(frame(range(name, index))) }
        return message
    }

    /// Some frames are copies, others refer to the pool, and tell when they are let go.
    private static func frame(_ range: Range<Int>) -> Frame {
        let bytes = UnsafeRawBufferPointer(rebasing: pool[range])
        guard range.lowerBound % 3 == 0 else { return Frame(copying: bytes) }
        lent.add(1, ordering: .relaxed)
        return Frame(adopting: bytes) { lent.subtract(1, ordering: .relaxed) }
    }

    // MARK: Checking

    /// The message that begins with some frame of this one; nil where there is none.
    ///
    /// - Throws: when it is one of ours and not as it was sent.
    static func read(_ message: borrowing Message) throws -> (name: Name, envelope: Int)? {
        for index in 0..<message.count {
            guard let name = message.withFrame(index, header) else { continue }
            try check(message, from: index, name)
            return (name, index)
        }
        return nil
    }

    private static func header(_ frame: borrowing Frame) -> Name? {
        frame.withUnsafeBytes { bytes in
            guard bytes.count >= Name.byteCount, bytes.loadUnaligned(as: UInt32.self) == magic
            else {
                return nil
            }
            let name = Name(
                stream: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
                number: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self),
                limit: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
            return Int(name.limit) < poolBytes ? name : nil
        }
    }

    private static func check(
        _ message: borrowing Message, from first: Int, _ name: Name
    ) throws {
        let count = frameCount(name)
        var isRight = message.count == first + count
        for index in 0..<(isRight ? count : 0) {
            let offset = index == 0 ? Name.byteCount : 0
            let expected = UnsafeRawBufferPointer(rebasing: pool[range(name, index)])
            isRight =
                message.withFrame(first + index) { frame in
                    frame.withUnsafeBytes { bytes in
                        guard bytes.count == offset + expected.count else { return false }
                        guard let base = bytes.baseAddress, let other = expected.baseAddress
                        else { return expected.isEmpty }
                        return memcmp(base + offset, other, expected.count) == 0
                    }
                } && isRight
        }
        guard isRight else {
            throw Failure(
                "message \(name.number) of stream \(name.stream) is not as it was sent: "
                    + "\(message.count - first) frames of \(count)")
        }
    }
}
