import MCCodec
import MCMemory
import MCTestSupport
import Testing

/// Links on which no ZMTP is spoken.
@Suite(.timeLimit(.minutes(3)))
struct FrameDecoderBytesTests {
    /// The next frame's bytes; nil when nothing is left.
    private func next(_ decoder: inout FrameDecoder, atMost limit: Int) -> [UInt8]? {
        var message = Message()
        let found = message.withHeadPlace { decoder.nextBytes(into: $0, atMost: limit) }
        #expect(found != .other)
        return found == .made ? message.bytes() : nil
    }

    /// Every byte comes once, in order, in pieces that are not too long; whatever is kept of them.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func everyByteInOrder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(Int.random(in: 0...400_000, using: &random))
        let limit = [1000, 8192, 100_000][Int(seed % 3)]
        var decoder = FrameDecoder(limits: FrameDecoder.Limits(frameBytes: 1))
        var seen: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = try decoder.prepareRead()
            let count = min(room.count, rest.count, Int.random(in: 1...50_000, using: &random))
            room.copyBytes(from: rest.prefix(count))
            decoder.didRead(count)
            rest = rest.dropFirst(count)
            // Sometimes the queue is full.
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                guard let piece = next(&decoder, atMost: limit) else { break }
                seen.append(piece)
            }
            if random.next() % 4 == 0 { decoder.settle() }
        }
        while let piece = next(&decoder, atMost: limit) { seen.append(piece) }
        #expect(seen.flatMap { $0 } == bytes)
        #expect(seen.allSatisfy { $0.count <= limit && !$0.isEmpty })
        decoder.settle()
        #expect(decoder.heldBytes == 0)
    }

    /// A peer that sends little at a time does not make us keep much for it.
    @Test func littleAtATime() throws {
        var decoder = FrameDecoder(limits: FrameDecoder.Limits())
        var frames: [Recovery] = []
        for number in 0..<2000 {
            let room = try decoder.prepareRead()
            room[0] = UInt8(truncatingIfNeeded: number)
            decoder.didRead(1)
            var message = Message()
            #expect(message.withHeadPlace { decoder.nextBytes(into: $0, atMost: 8192) } == .made)
            #expect(message.withFrame(0) { !$0.isSlice })
            frames.append(Recovery(message))
        }
        #expect(decoder.heldBytes <= 16 << 10)
        #expect(frames.enumerated().allSatisfy { $1.first == UInt8(truncatingIfNeeded: $0) })
    }

    /// A message in an array.
    private final class Recovery {
        private let message: Message
        init(_ message: consuming Message) { self.message = message }
        var first: UInt8? { message.bytes().first }
    }
}
