import MCCodec
import MCMemory
import MCTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FrameDecoderTests {
    private static let edges = [
        0, 1, 55, 56, 57, 254, 255, 256, 257, 1000, 8000, 20_000, 65_535, 65_536, 65_537, 200_000,
    ]

    private func randomFrames(_ random: inout SeededGenerator) -> [Seen] {
        (0..<Int.random(in: 1...40, using: &random)).map { _ in
            let edge = Int.random(in: 0...3, using: &random) == 0 ? 16 : 9
            let count = Self.edges[Int.random(in: 0..<edge, using: &random)]
            let fill = UInt8(truncatingIfNeeded: random.next())
            // Ends that differ from the middle show what is cut or moved.
            var body = [UInt8](repeating: fill, count: count)
            for index in [0, 1, count - 2, count - 1] where body.indices.contains(index) {
                body[index] = UInt8(truncatingIfNeeded: index)
            }
            let kind = Int.random(in: 0...5, using: &random)
            return Seen(body: body, more: kind == 1 || kind == 2, isCommand: kind == 0)
        }
    }

    /// Where the input is cut makes no difference; neither does the end of a turn.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func anySplitGivesTheSameFrames(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let frames = randomFrames(&random)
        let bytes = Self.encode(frames)
        var reader = Reader(takesWhole: seed % 8 >= 4)
        let largest = [3, 100, 5000, 300_000][Int(seed % 4)]
        var rest = bytes[...]
        while !rest.isEmpty {
            let size = Int.random(in: 1...largest, using: &random)
            rest = rest.dropFirst(try reader.receive(rest.prefix(size)))
            if random.next() % 3 == 0 { reader.decoder.settle() }
        }
        expect(reader.seen, frames)
        #expect(reader.decoder.isMidFrame == false)
    }

    /// Byte by byte, with every byte the end of a turn.
    @Test func byteByByte() throws {
        let frames = [
            Seen(body: []), Seen(body: [1], more: true), Seen(body: Array(repeating: 2, count: 56)),
            Seen(body: Array(repeating: 3, count: 300), isCommand: true),
            Seen(body: Array(repeating: 4, count: 70_000), more: true), Seen(body: [5]),
        ]
        var reader = Reader()
        for byte in Self.encode(frames) {
            #expect(try reader.receive([byte]) == 1)
            reader.decoder.settle()
        }
        expect(reader.seen, frames)
    }

    private func expect(_ seen: [Seen], _ frames: [Seen]) {
        #expect(seen.count == frames.count)
        // Not `==` on the whole: a difference would print megabytes.
        for (index, (a, b)) in zip(seen, frames).enumerated() where a != b {
            Issue.record("frame \(index): \(a.body.count) bytes for \(b.body.count)")
        }
    }

    /// What came with the handshake is traffic like any other.
    @Test func feeding() throws {
        let frames = (0..<300).map { Seen(body: Array(repeating: UInt8($0 % 256), count: $0 * 5)) }
        let bytes = Self.encode(frames)
        var reader = Reader()
        try bytes.withUnsafeBytes {
            try reader.decoder.feed(UnsafeRawBufferPointer(rebasing: $0[..<9000]))
        }
        #expect(reader.decoder.hasBuffered == true)
        try reader.takeAll()
        try reader.receive(all: Array(bytes[9000...])) { 4096 }
        expect(reader.seen, frames)
    }

    // MARK: Limits

    private func code(_ limits: FrameDecoder.Limits, _ bytes: [UInt8]) -> CodecError.Code? {
        var reader = Reader(limits)
        do {
            try reader.receive(all: bytes) { 100_000 }
            return nil
        } catch {
            return (error as? CodecError)?.code
        }
    }

    @Test func frameSizes() {
        let limits = FrameDecoder.Limits(frameBytes: 1000)
        for count in [0, 56, 999, 1000] {
            #expect(
                code(limits, Self.encode([Seen(body: Array(repeating: 1, count: count))])) == nil)
        }
        #expect(
            code(limits, Self.encode([Seen(body: Array(repeating: 1, count: 1001))]))
                == .messageTooLarge)
        // The header alone is enough, and the limit may be below the inline size.
        #expect(code(limits, [2, 0, 0, 0, 0, 0, 0, 4, 0]) == .messageTooLarge)
        #expect(code(.init(frameBytes: 10), [0, 11]) == .messageTooLarge)
        #expect(
            code(.init(frameBytes: 10), [0, 11] + Array(repeating: 0, count: 11))
                == .messageTooLarge)
        #expect(code(.init(frameBytes: 0), [0, 0]) == nil)
        #expect(code(.init(frameBytes: 0), [0, 1, 1]) == .messageTooLarge)
        // Commands have a limit of their own.
        let ping = Self.encode([Seen(body: Array(repeating: 1, count: 100), isCommand: true)])
        #expect(code(.init(frameBytes: 10), ping) == nil)
        #expect(code(.init(), [6, 0, 0, 0, 0, 0, 0x10, 0, 1]) == .messageTooLarge)
    }

    @Test func absurdSizes() {
        for first in [0x80, 0xff] as [UInt8] {
            #expect(code(.init(), [2, first, 0, 0, 0, 0, 0, 0, 0]) == .frameTooLong)
        }
        #expect(code(.init(), [2, 0x7f] + Array(repeating: 0xff, count: 7)) == .messageTooLarge)
        #expect(code(.init(), [2, 0x40] + Array(repeating: 0, count: 7)) == .messageTooLarge)
    }

    @Test func badFlags() {
        for flags in [8, 16, 0x80] as [UInt8] {
            #expect(code(.init(), [flags]) == .reservedFlagBits)
        }
        #expect(code(.init(), [5]) == .commandWithMore)
        #expect(code(.init(), [7]) == .commandWithMore)
    }

    /// A message of endless frames ends, and counting begins anew with each message.
    /// Who takes whole frames gets none that a limit forbids.
    @Test(arguments: [10, 56, 57, 200, 255, 256, 1000])
    func limitsHoldForWholeFrames(limit: Int) throws {
        let frames = [
            Seen(body: Array(repeating: 1, count: limit)),
            Seen(body: Array(repeating: 2, count: limit + 1)),
        ]
        var reader = Reader(.init(frameBytes: UInt64(limit)), takesWhole: true)
        let error = #expect(throws: CodecError.self) {
            try reader.receive(all: Self.encode(frames)) { 1 << 20 }
        }
        #expect(error?.code == .messageTooLarge)
        expect(reader.seen, [frames[0]])
    }

    @Test func framesPerMessage() {
        var limits = FrameDecoder.Limits()
        limits.framesPerMessage = 100
        let frame = Seen(body: [], more: true)
        let longest = Array(repeating: frame, count: 99) + [Seen(body: [])]
        #expect(code(limits, Self.encode(longest + longest + longest)) == nil)
        // Commands in between do not count.
        let command = Seen(body: [4, 0x50, 0x49, 0x4e, 0x47, 0, 0], isCommand: true)
        #expect(code(limits, Self.encode(Array(repeating: command, count: 300) + longest)) == nil)
        #expect(code(limits, Self.encode(Array(repeating: frame, count: 101))) == .tooManyFrames)
        // Also by large ones.
        let large = Seen(body: Array(repeating: 1, count: 65_600), more: true)
        #expect(code(limits, Self.encode(Array(repeating: large, count: 101))) == .tooManyFrames)
    }

    // MARK: Memory

    /// A claim of a terabyte costs what has arrived, and a little.
    @Test func liesCostNothing() throws {
        var reader = Reader()
        let claim: [UInt8] = [2, 0, 0, 1, 0, 0, 0, 0, 0]
        #expect(try reader.receive(claim[...]) == 9)
        _ = try reader.decoder.prepareRead()
        #expect(reader.decoder.heldBytes <= 4 << 20)
        // As it fills it grows: never more than about twice what has arrived.
        var arrived = 0
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        for _ in 0..<20 {
            var rest = piece[...]
            while !rest.isEmpty { rest = rest.dropFirst(try reader.receive(rest)) }
            arrived += piece.count
            #expect(reader.decoder.heldBytes <= max(4 << 20, 2 * arrived) + (64 << 10))
        }
        #expect(reader.seen.isEmpty)
    }

    /// A claim below the direct size waits in the chunk, which stays as small.
    @Test func smallLies() throws {
        var reader = Reader()
        #expect(try reader.receive([2, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3]) == 12)
        reader.decoder.settle()
        #expect(reader.decoder.heldBytes < 256)
        #expect(reader.decoder.isMidFrame == true)
    }

    /// An idle connection's decoder holds nothing, whatever it has read before.
    @Test(arguments: edges)
    func idleHoldsNothing(count: Int) throws {
        var reader = Reader()
        let bytes = Self.encode([Seen(body: Array(repeating: 1, count: count))])
        for _ in 0..<20 {
            try reader.receive(all: bytes) { 1 << 20 }
            reader.decoder.settle()
            #expect(reader.decoder.heldBytes == 0)
        }
        #expect(reader.seen.count == 20)
    }

    /// In the middle of a small frame it holds little more than the bytes of it.
    @Test func halfAFrameHoldsLittle() throws {
        let bytes = Self.encode(
            Array(repeating: Seen(body: Array(repeating: 1, count: 200)), count: 300))
        var reader = Reader()
        try reader.receive(all: Array(bytes.dropLast(100))) { 1 << 20 }
        reader.decoder.settle()
        #expect(reader.decoder.heldBytes <= 1024)
        try reader.receive(all: Array(bytes.suffix(100))) { 1 << 20 }
        #expect(reader.seen.count == 300)
    }

    /// Frames that are slices of the chunk keep their bytes while the decoder goes on.
    @Test func keptFramesStay() throws {
        var decoder = FrameDecoder(limits: .init())
        var kept = Message()
        var expected: [[UInt8]] = []
        var random = SeededGenerator(seed: 5)
        for round in 0..<400 {
            let body = [UInt8](
                repeating: UInt8(round % 256), count: Int.random(in: 57...30_000, using: &random))
            expected.append(body)
            var rest = Self.encode([Seen(body: body)])[...]
            while !rest.isEmpty {
                let room = try decoder.prepareRead()
                let count = min(room.count, rest.count, 20_000)
                room.copyBytes(from: rest.prefix(count))
                decoder.didRead(count)
                rest = rest.dropFirst(count)
                guard case .frame(let frame) = try decoder.next() else { continue }
                kept.append(frame)
            }
            if round % 7 == 0 { decoder.settle() }
        }
        #expect(kept.count == 400)
        for index in 0..<kept.count where kept.bytes(index) != expected[index] {
            Issue.record("frame \(index) has changed")
        }
    }

    /// A large body is read where it stays: the room that the decoder gives is its own memory.
    @Test func largeBodiesAreReadInPlace() throws {
        var decoder = FrameDecoder(limits: .init())
        let count = 1 << 20
        let header: [UInt8] = [2, 0, 0, 0, 0, 0, 0x10, 0, 0]
        try decoder.prepareRead().copyBytes(from: header)
        decoder.didRead(header.count)
        guard case .needMore = try decoder.next() else {
            Issue.record("a frame without its body")
            return
        }
        var first: UnsafeRawPointer?
        var filled = 0
        while filled < count {
            let room = try decoder.prepareRead()
            // All of the rest in one read, and not a byte of the next frame.
            #expect(room.count == count - filled)
            if first == nil { first = UnsafeRawPointer(room.baseAddress) }
            let piece = min(room.count, 300_000)
            room.copyBytes(from: [UInt8](repeating: 9, count: piece))
            decoder.didRead(piece)
            filled += piece
        }
        guard case .frame(let frame) = try decoder.next() else {
            Issue.record("no frame")
            return
        }
        let address = frame.withUnsafeBytes { $0.baseAddress }
        #expect(address == first)
        #expect(frame.array == [UInt8](repeating: 9, count: count))
    }

    /// Small frames by the thousand, in large reads: the fast path.
    @Test(arguments: [false, true])
    func manySmallFrames(takesWhole: Bool) throws {
        let frames = (0..<20_000).map {
            Seen(body: Array("\($0)".utf8), more: $0 % 3 == 0)
        }
        var reader = Reader(takesWhole: takesWhole)
        try reader.receive(all: Self.encode(frames)) { 1 << 20 }
        expect(reader.seen, frames)
    }
}
