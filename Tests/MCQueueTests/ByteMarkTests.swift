import MCMemory
import MCQueue
import MCTestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ByteMarkTests {
    /// Any order of adding, dropping and taking, against an array of sizes.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func ledgerAgainstAModel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let before = UInt.random(in: 0...5, using: &random)
        var ledger = ByteLedger(after: before)
        var waiting: [Int] = []
        var unfinished = 0
        // Some of those before the first are taken later, or have been.
        var taken = UInt.random(in: 0...before, using: &random)
        for _ in 0..<scaled(2000) {
            switch Int.random(in: 0...5, using: &random) {
            case 0...2:
                let bytes = Int.random(in: 0...1000, using: &random)
                let ends = Bool.random(using: &random)
                ledger.add(bytes, ends: ends)
                unfinished += bytes
                if ends {
                    waiting.append(unfinished)
                    unfinished = 0
                }
            case 3:
                ledger.rollback()
                unfinished = 0
            default:
                for _ in 0..<Int.random(in: 0...(seed % 2 == 0 ? 3 : 200), using: &random) {
                    if taken >= before {
                        if waiting.isEmpty { break }
                        waiting.removeFirst()
                    }
                    taken += 1
                }
            }
            let counted = ledger.waiting(taken: taken)
            let expected = waiting.reduce(0, +) + unfinished
            // `#expect` on each would take most of the time.
            if counted != expected {
                #expect(counted == expected)
                return
            }
        }
    }

    /// What frames count as: in the queue, and behind a reference.
    @Test func framesCountAsTheMemoryTheyTake() {
        let queue = FrameQueue.create(creditStep: 1)
        defer { queue.destroy() }
        func push(_ count: Int, hasMore: Bool = false) {
            let isPushed = [UInt8](repeating: 7, count: count).withUnsafeBytes {
                queue.push(copying: $0.baseAddress, count: count, hasMore: hasMore)
            }
            #expect(isPushed)
        }
        push(100_000)
        #expect(queue.hasRoom(limit: 0, byteMark: 1000))
        // Before anybody asked for a mark nothing was counted.
        #expect(queue.waitingBytes == 0)
        push(10)
        #expect(queue.waitingBytes == 64)
        push(100)
        #expect(queue.waitingBytes == 64 + 3 * 64)
        push(600, hasMore: true)
        #expect(queue.waitingBytes == 256 + 664)
        #expect(queue.hasRoom(limit: 0, byteMark: 1000))
        push(600)
        #expect(queue.waitingBytes == 256 + 2 * 664)
        #expect(!queue.hasRoom(limit: 0, byteMark: 1000))
        #expect(queue.hasRoom(limit: 0, byteMark: 2000))
        #expect(!queue.hasRoom(limit: 4, byteMark: 2000))
        #expect(queue.hasRoom(limit: 5, byteMark: 2000))
        queue.publish()
        var seen: [Int] = []
        for _ in 0..<5 {
            let isThere = queue.pop() != nil
            #expect(isThere)
            seen.append(queue.waitingBytes)
        }
        #expect(seen == [256 + 1328, 192 + 1328, 1328, 1328, 0])
        // Off, and on again.
        push(600)
        #expect(queue.hasRoom(limit: 0, byteMark: 0))
        push(600)
        #expect(queue.hasRoom(limit: 0, byteMark: 1))
        push(1)
        #expect(!queue.hasRoom(limit: 0, byteMark: 64))
        #expect(queue.hasRoom(limit: 0, byteMark: 65))
    }
}
