import MCMemory
import MCTestSupport
import Testing

@testable import MCPool

@Suite(.timeLimit(.minutes(3)))
struct FanOutTests {
    /// A fan-out, and what each of its pipes should have got.
    private struct Publisher {
        let stubs: StubPipes
        let fanOut = FanOut.create()
        var pipes: [Pipe] = []
        var expected: [[[[UInt8]]]] = []
        private var last: [Int]?

        init() throws { stubs = try StubPipes() }

        mutating func add(sendHighWaterMark: Int) {
            pipes.append(stubs.make(sendHighWaterMark: sendHighWaterMark))
            expected.append([])
        }

        mutating func send(_ parts: [[UInt8]], to audience: [Int]) {
            for index in audience {
                let limit = pipes[index].pointee.sendHighWaterMark
                if limit == 0 || expected[index].count < limit { expected[index].append(parts) }
            }
            let isSame = audience == last
            last = audience
            Outgoing.withMessage(Message(parts: parts)) { message in
                audience.map { pipes[$0].bitPattern }.withUnsafeBufferPointer {
                    fanOut.send(message, to: $0, isSame: isSame)
                }
            }
        }

        /// The kernel takes everything of one pipe.
        mutating func write(_ index: Int) {
            fanOut.close()
            #expect(pipes[index].pointee.queuedMessages == expected[index].count)
            #expect(pipes[index].takeSent() == expected[index])
            expected[index] = []
        }

        /// The end, for all pipes.
        mutating func finish() {
            for index in pipes.indices { write(index) }
            fanOut.destroy()
        }
    }

    @Test(arguments: 1...8)
    func `every pipe gets what it has room for, in order and whole`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var publisher = try Publisher()
        for limit in [0, 1000, 1000, 100, 70, 10, 1] { publisher.add(sendHighWaterMark: limit) }
        var audience: [Int] = []
        for number in 0..<20_000 {
            if Int.random(in: 0..<(seed < 4 ? 500 : 3), using: &random) == 0 {
                audience = publisher.pipes.indices.filter { _ in Bool.random(using: &random) }
            }
            var parts: [[UInt8]] = []
            for _ in 0..<(Int.random(in: 0..<8, using: &random) == 0 ? 3 : 1) {
                var longest = 100
                if Int.random(in: 0..<500, using: &random) == 0 { longest = 20_000 }
                parts.append(
                    [UInt8](
                        repeating: UInt8(truncatingIfNeeded: number),
                        count: Int.random(in: 0...longest, using: &random)))
            }
            publisher.send(parts, to: audience)
            if Int.random(in: 0..<200, using: &random) == 0 {
                publisher.write(publisher.pipes.indices.randomElement(using: &random) ?? 0)
            }
        }
        publisher.finish()
    }

    @Test func `more pipes than there were before`() throws {
        var publisher = try Publisher()
        for count in [1, 40, 41, 200, 3] {
            while publisher.pipes.count < count { publisher.add(sendHighWaterMark: 1000) }
            for number in 0..<20 { publisher.send([[UInt8(number)]], to: Array(0..<count)) }
        }
        publisher.finish()
    }

    /// All pipes refer to the same bytes.
    @Test func `a run is encoded once`() throws {
        var publisher = try Publisher()
        for _ in 0..<100 { publisher.add(sendHighWaterMark: 0) }
        let body = [UInt8](repeating: 7, count: 64)
        for _ in 0..<10_000 { publisher.send([body], to: Array(0..<100)) }
        publisher.fanOut.close()
        for pipe in publisher.pipes {
            // A copy for each would have taken 66 bytes a message of their own.
            #expect(pipe.pointee.fill.byteCount == 10_000 * 66)
            #expect(pipe.pointee.fill.copiedBytes < 8 << 10)
        }
        publisher.finish()
    }
}
