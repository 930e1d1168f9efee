import MCMemory
import MCTestSupport
import Testing

@testable import MCPool

@Suite(.timeLimit(.minutes(3)))
struct BalancingTests {
    // MARK: Sending

    private func send(_ balancer: LoadBalancer) -> Pipe? {
        guard let pipe = balancer.next() else { return nil }
        [1].withUnsafeBytes { pipe.write(Outgoing($0)) }
        balancer.advance()
        return pipe
    }

    @Test func inTurn() throws {
        let stubs = try StubPipes()
        let balancer = LoadBalancer.create()
        defer { balancer.destroy() }
        #expect(balancer.isEmpty)
        #expect(!balancer.hasRoom)
        #expect(send(balancer) == nil)
        let pipes = (0..<3).map { _ in stubs.make() }
        for pipe in pipes { balancer.add(pipe) }
        for round in 0..<30 { #expect(send(balancer) == pipes[round % 3]) }
        #expect(balancer.hasRoom)
        // Nobody is connected.
        #expect(!balancer.hasConnectedRoom)
    }

    @Test func fullPipesAreLeftOut() throws {
        let stubs = try StubPipes()
        let balancer = LoadBalancer.create()
        defer { balancer.destroy() }
        let small = stubs.make(sendHighWaterMark: 2)
        let large = stubs.make(sendHighWaterMark: 5)
        balancer.add(small)
        balancer.add(large)
        var order: [Pipe] = []
        while let pipe = send(balancer) { order.append(pipe) }
        #expect(order == [small, large, small, large, large, large, large])
        #expect(!balancer.hasRoom)
        // Room alone is not noticed; being told is.
        #expect(small.takeSent().count == 2)
        balancer.activate(small)
        balancer.activate(small)
        #expect(balancer.hasRoom)
        #expect(send(balancer) == small)
        #expect(send(balancer) == small)
        #expect(send(balancer) == nil)
    }

    /// Peers come and go and fill up in any order: each message goes to one that is there and has
    /// room, and between changes nobody gets more than one more than another.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func atRandom(seed: UInt64) throws {
        let stubs = try StubPipes()
        var random = SeededGenerator(seed: seed)
        let balancer = LoadBalancer.create()
        defer { balancer.destroy() }
        var there: [Pipe] = []
        for _ in 0..<400 {
            switch Int.random(in: 0...9, using: &random) {
            case 0, 1:
                let pipe = stubs.make(
                    sendHighWaterMark: Int.random(in: 1...8, using: &random))
                balancer.add(pipe)
                there.append(pipe)
            case 2:
                guard let pipe = there.randomElement(using: &random) else { continue }
                balancer.remove(pipe)
                balancer.remove(pipe)
                there.removeAll { $0 == pipe }
            case 3:
                for pipe in there {
                    _ = pipe.takeSent()
                    balancer.activate(pipe)
                }
                var counts: [Int: Int] = [:]
                for _ in there {
                    guard let pipe = send(balancer) else { break }
                    counts[pipe.bitPattern, default: 0] += 1
                }
                #expect(counts.count == there.count)
            default:
                let hasRoom = there.contains { $0.hasRoom }
                #expect(balancer.hasRoom == hasRoom)
                let pipe = send(balancer)
                #expect((pipe != nil) == hasRoom)
                if let pipe { #expect(there.contains(pipe)) }
            }
        }
    }

    // MARK: Receiving

    private func receive(_ queue: FairQueue) -> (text: String, from: Pipe)? {
        var message = Message()
        guard let pipe = queue.receive(into: &message) else { return nil }
        return (
            message.parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "+"), pipe
        )
    }

    @Test func oneFromEach() throws {
        let stubs = try StubPipes()
        let queue = FairQueue.create()
        defer { queue.destroy() }
        #expect(!queue.hasMessage())
        let pipes = (0..<3).map { _ in stubs.make() }
        for pipe in pipes { queue.add(pipe) }
        #expect(receive(queue)?.text == nil)
        for (index, pipe) in pipes.enumerated() {
            for round in 0..<4 { pipe.arrive("\(index).\(round)") }
            queue.activate(pipe)
        }
        #expect(queue.hasMessage())
        var got: [String] = []
        while let next = receive(queue) { got.append(next.text) }
        for round in 0..<4 {
            #expect(
                Set(got[(3 * round)..<(3 * round + 3)]) == Set((0..<3).map { "\($0).\(round)" }))
        }
        #expect(!queue.hasMessage())
    }

    @Test func messagesStayWhole() throws {
        let stubs = try StubPipes()
        let queue = FairQueue.create()
        defer { queue.destroy() }
        let pipes = (0..<2).map { _ in stubs.make() }
        for pipe in pipes {
            queue.add(pipe)
            for _ in 0..<3 { pipe.arrive([[97], [98], [99]]) }
            queue.activate(pipe)
        }
        var count = 0
        while let next = receive(queue) {
            #expect(next.text == "a+b+c")
            count += 1
        }
        #expect(count == 6)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func receivingAtRandom(seed: UInt64) throws {
        let stubs = try StubPipes()
        var random = SeededGenerator(seed: seed)
        let queue = FairQueue.create()
        defer { queue.destroy() }
        var waiting: [Int: [String]] = [:]
        var there: [Pipe] = []
        var number = 0
        for _ in 0..<600 {
            switch Int.random(in: 0...9, using: &random) {
            case 0:
                let pipe = stubs.make()
                queue.add(pipe)
                there.append(pipe)
                waiting[pipe.bitPattern] = []
            case 1:
                guard let pipe = there.randomElement(using: &random) else { continue }
                queue.remove(pipe)
                there.removeAll { $0 == pipe }
                waiting[pipe.bitPattern] = nil
            case 2...5:
                guard let pipe = there.randomElement(using: &random) else { continue }
                pipe.arrive("\(number)")
                queue.activate(pipe)
                waiting[pipe.bitPattern]?.append("\(number)")
                number += 1
            default:
                let isAny = waiting.values.contains { !$0.isEmpty }
                #expect(queue.hasMessage() == isAny)
                guard let next = receive(queue) else {
                    #expect(!isAny)
                    continue
                }
                #expect(waiting[next.from.bitPattern]?.first == next.text)
                waiting[next.from.bitPattern]?.removeFirst()
            }
        }
    }
}
