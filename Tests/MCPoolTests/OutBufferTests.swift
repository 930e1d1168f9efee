import Glibc
import MCCodec
import MCMemory
import MCTestSupport
import Testing

@testable import MCPool

@Suite(.timeLimit(.minutes(3)))
struct OutBufferTests {
    /// A message, or a command.
    enum Item: Equatable {
        case message([[UInt8]])
        case command([UInt8])

        /// Length on the wire.
        var byteCount: Int {
            switch self {
            case .message(let parts):
                parts.reduce(0) { $0 + FrameHeader.headerLength(forBody: $1.count) + $1.count }
            case .command(let body): 2 + body.count
            }
        }

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            switch self {
            case .message(let parts):
                for (index, part) in parts.enumerated() {
                    let flags: FrameFlags = index + 1 < parts.count ? .more : []
                    FrameHeader(flags: flags, bodyLength: UInt64(part.count)).append(to: &bytes)
                    bytes += part
                }
            case .command(let body):
                FrameHeader(flags: .command, bodyLength: UInt64(body.count)).append(to: &bytes)
                bytes += body
            }
            return bytes
        }
    }

    /// Puts an item in as the pipe does: small bodies are copied, large ones referred to.
    private func append(_ item: Item, to buffer: inout OutBuffer) {
        guard case .message(let parts) = item else {
            item.bytes.withUnsafeBytes { buffer.append(encoded: $0) }
            return
        }
        for (index, part) in parts.enumerated() {
            let flags: FrameFlags = index + 1 < parts.count ? .more : []
            if part.count < OutBuffer.gatherBytes {
                part.withUnsafeBytes {
                    buffer.append(copying: $0.baseAddress, count: part.count, flags: flags)
                }
            } else {
                let frame = Frame(part)
                guard let (block, address) = frame.sliceParts else { continue }
                buffer.append(referring: block, address: address, count: part.count, flags: flags)
            }
        }
    }

    /// A kernel that takes at most so many bytes of what it is offered, in so many vectors.
    private func write(
        _ buffer: inout OutBuffer, atMost limit: Int, offering mostBytes: Int = .max, vectors: Int
    ) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: vectors) { table in
            guard let base = table.baseAddress else { return [] }
            let count = buffer.vectors(base, capacity: vectors, mostBytes: mostBytes)
            #expect(table[..<count].reduce(0) { $0 + $1.iov_len } <= mostBytes)
            var taken: [UInt8] = []
            for vector in table[..<count] {
                #expect(vector.iov_len > 0)
                let some = min(vector.iov_len, limit - taken.count)
                let start = taken.count
                taken += [UInt8](repeating: 0, count: some)
                taken.withUnsafeMutableBytes { bytes in
                    guard let base = bytes.baseAddress, let source = vector.iov_base else { return }
                    (base + start).copyMemory(from: source, byteCount: some)
                }
                if taken.count == limit { break }
            }
            return taken
        }
    }

    private func randomItem(_ random: inout SeededGenerator) -> Item {
        func body(_ largest: Int) -> [UInt8] {
            let count = Int.random(in: 0...largest, using: &random)
            return [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: count)
        }
        switch Int.random(in: 0...9, using: &random) {
        case 0: return .command(body(30))
        case 1: return .message([body(20_000)])
        case 2:
            return .message((0..<Int.random(in: 2...6, using: &random)).map { _ in body(12_000) })
        case 3, 4:
            return .message((0..<Int.random(in: 2...9, using: &random)).map { _ in body(70) })
        default: return .message([body(300)])
        }
    }

    /// Which messages are not wholly within the first `taken` bytes.
    private func unsent(_ items: [Item], taken: Int) -> [[[UInt8]]] {
        var end = 0
        return items.compactMap { item in
            end += item.byteCount
            guard case .message(let parts) = item, end > taken else { return nil }
            return parts
        }
    }

    private func parts(_ recovered: [Recovered]) -> [[[UInt8]]] {
        recovered.map { $0.withMessage { $0.parts } }
    }

    /// Whatever is put in comes out in order, in writes of any size, and what the kernel did not
    /// take whole comes back, a half-written message whole.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func anyKernel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let items = (0..<Int.random(in: 1...60, using: &random)).map { _ in randomItem(&random) }
        let expected = items.flatMap(\.bytes)
        var buffer = OutBuffer()
        for item in items { append(item, to: &buffer) }
        buffer.seal()
        #expect(buffer.byteCount == expected.count)
        let messages = unsent(items, taken: 0).count
        #expect(buffer.messageCount == messages)
        let stop = Int.random(in: 0...expected.count, using: &random)
        var taken: [UInt8] = []
        var credited = 0
        while taken.count < stop {
            let limit = min(stop - taken.count, Int.random(in: 1...40_000, using: &random))
            let vectors = Int.random(in: 1...8, using: &random)
            let offered = Int.random(in: 1...40_000, using: &random)
            let written = write(&buffer, atMost: limit, offering: offered, vectors: vectors)
            credited += buffer.didWrite(written.count)
            taken += written
            #expect(buffer.byteCount == expected.count - taken.count)
            // Credit comes late rather than early, and for everything at the end.
            let left = unsent(items, taken: taken.count).count
            #expect(buffer.messageCount >= left)
            #expect(buffer.messageCount + credited == messages)
        }
        #expect(taken == Array(expected[..<stop]))
        #expect(buffer.isEmpty == (stop == expected.count))
        if stop == expected.count { #expect(buffer.messageCount == 0) }
        #expect(parts(buffer.takeUnsentMessages()) == unsent(items, taken: stop))
        #expect(buffer.isEmpty == true)
        #expect(buffer.messageCount == 0)
    }

    /// Stopped after each single byte of the small messages, and around each end of the large.
    @Test func everyByte() {
        let items: [Item] = [
            .message([[1]]), .command([4, 0x50, 0x49, 0x4e, 0x47]), .message([[], [2, 3], []]),
            .message([[UInt8](repeating: 5, count: 300)]),
            .message([[7], [UInt8](repeating: 6, count: 8192), [8]]), .message([[9]]),
            .message([[UInt8](repeating: 10, count: 8200)]), .message([[]]),
        ]
        let expected = items.flatMap(\.bytes)
        var stops = Set(stride(from: 0, to: expected.count, by: 251))
        var end = 0
        for item in items {
            let last = end + item.byteCount
            stops.formUnion(end..<min(last, end + 320))
            stops.formUnion(max(end, last - 30)...last)
            end = last
        }
        for stop in stops {
            // In one write up to there, or in two.
            for first in Set([stop, stop / 2]) {
                var buffer = OutBuffer()
                for item in items { append(item, to: &buffer) }
                buffer.seal()
                var taken: [UInt8] = []
                for limit in [first, stop - first] where limit > 0 {
                    let written = write(&buffer, atMost: limit, vectors: 64)
                    _ = buffer.didWrite(written.count)
                    taken += written
                }
                guard taken.count == stop, taken == Array(expected[..<stop]) else {
                    Issue.record("\(taken.count) bytes for \(stop)")
                    return
                }
                let back = parts(buffer.takeUnsentMessages())
                if back != unsent(items, taken: stop) { Issue.record("wrong ones after \(stop)") }
            }
        }
    }

    /// What comes back before it was sealed, and the use of a buffer again and again.
    @Test func usedAgain() {
        var buffer = OutBuffer()
        for round in 0..<200 {
            for index in 0...round % 5 { append(.message([[UInt8(index)]]), to: &buffer) }
            if round % 2 == 0 { buffer.seal() }
            let back = parts(buffer.takeUnsentMessages())
            #expect(back == (0...round % 5).map { [[UInt8($0)]] })
            append(.message([[1], [2]]), to: &buffer)
            buffer.seal()
            #expect(buffer.didWrite(buffer.byteCount) == 1)
            #expect(buffer.isEmpty == true)
        }
    }

    /// Bytes without frames: as they are, counted by message, and nobody's when they have not left.
    @Test func bytesWithoutFrames() throws {
        let pipes = try StubPipes()
        let pipe = pipes.make()
        pipe.pointee.isRaw = true
        let pieces = [1, 100, 8191, 8192, 50_000, 3].map { count in
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
        }
        for piece in pieces {
            Outgoing.withMessage(Message(piece)) { pipe.writeRaw($0) }
        }
        #expect(pipe.pointee.queuedMessages == pieces.count)
        pipe.pointee.launch()
        let expected = pieces.flatMap { $0 }
        let first = write(&pipe.flight, atMost: 20_000, vectors: 64)
        #expect(pipe.flight.didWrite(first.count) == 4)
        Outgoing.withMessage(Message([7])) { pipe.writeRaw($0) }
        var copy = first
        copy += write(&pipe.flight, atMost: .max, vectors: 64)
        #expect(copy == expected)
        pipe.pointee.queuedMessages -= 4
        let rest = pipe.takeUnsent().flatMap { $0.withMessage { $0.bytes() } }
        #expect(rest == expected[16_484...] + [7])
        #expect(pipe.pointee.queuedMessages == 0 && !pipe.pointee.hasUnsent)
    }

    /// Large bodies are referred to, and let go when they are written; those of a message that is
    /// not whole yet are kept.
    @Test func referencesAreLetGo() {
        let large = Frame([UInt8](repeating: 1, count: 10_000))
        guard let (block, address) = large.sliceParts else {
            Issue.record("not in a block")
            return
        }
        do {
            var buffer = OutBuffer()
            buffer.append(referring: block, address: address, count: 10_000, flags: .more)
            buffer.append(referring: block, address: address, count: 10_000, flags: [])
            buffer.append(referring: block, address: address, count: 10_000, flags: [])
            buffer.seal()
            #expect(!block.isUnique)
            // One frame of two: it may still have to be sent again.
            _ = buffer.didWrite(10_009 + 9 + 9_999)
            let back = buffer.takeUnsentMessages()
            #expect(back.count == 2)
            #expect(back.first?.withMessage { $0.count } == 2)
        }
        #expect(block.isUnique)
        do {
            var buffer = OutBuffer()
            buffer.append(referring: block, address: address, count: 10_000, flags: [])
            buffer.seal()
            #expect(buffer.didWrite(10_009) == 1)
            #expect(block.isUnique)
            buffer.append(referring: block, address: address, count: 10_000, flags: [])
        }
        #expect(block.isUnique)
    }
}
