import MCMemory
import MCTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct MessageTests {
    @Test func emptyMessage() {
        var message = Message()
        #expect(message.parts == [])
        let (isEmpty, count, bytes) = (message.isEmpty, message.count, message.totalBytes)
        #expect(isEmpty)
        #expect(count == 0)
        #expect(bytes == 0)
        let isNothing = message.removeFirst() == nil
        #expect(isNothing)
    }

    @Test func singleFrames() {
        let message = Message("text")
        #expect(message.count == 1)
        #expect(message.string() == "text")
        #expect(Message([1, 2]).bytes() == [1, 2])
        #expect(Message(Frame([3])).parts == [[3]])
        #expect(Message(parts: ["a", "", "c"]).parts == [[97], [], [99]])
        #expect(Message(Frame([7, 8]).bytes).bytes() == [7, 8])
    }

    /// Append, prepend and removeFirst in any order, against an array.
    @Test func againstAModel() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var message = Message()
            var model: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...80, using: &random) {
                let part = pattern(
                    Int.random(in: 0...120, using: &random), seed: Int(random.next() % 99))
                switch Int.random(in: 0...9, using: &random) {
                case 0...5:
                    message.append(Frame(part))
                    model.append(part)
                case 6:
                    message.prepend(Frame(part))
                    model.insert(part, at: 0)
                case 7:
                    let copy = message.copy()
                    message = copy
                default:
                    let first = message.removeFirst()?.array
                    #expect(first == (model.isEmpty ? nil : model.removeFirst()))
                }
                let (count, isEmpty) = (message.count, message.isEmpty)
                #expect(count == model.count)
                #expect(isEmpty == model.isEmpty)
            }
            #expect(message.parts == model)
            let bytes = message.totalBytes
            #expect(bytes == model.reduce(0) { $0 + $1.count })
        }
    }

    /// Every frame is given back once, however the message was treated.
    @Test func nothingLeaks() {
        let releases = Releases()
        var made = 0
        do {
            var message = Message()
            for _ in 0..<30 {
                message.append(adoptedFrame(releases))
                made += 1
            }
            for _ in 0..<10 { _ = message.removeFirst() }
            #expect(releases.count == 10)
            let copy = message.copy()
            for _ in 0..<5 { _ = message.removeFirst() }
            #expect(releases.count == 10)
            message.prepend(adoptedFrame(releases))
            made += 1
            #expect(copy.count == 20)
            #expect(message.count == 16)
        }
        #expect(releases.count == made)
    }

    /// A queue's use of a message does not make it grow.
    @Test func aRollingMessage() {
        var message = Message()
        for index in 0..<20_000 {
            message.append(Frame("\(index)"))
            if index >= 3 {
                let text = message.removeFirst()?.string
                #expect(text == "\(index - 3)")
            }
        }
        #expect(message.count == 3)
    }

    @Test func manyFrames() {
        var message = Message()
        for index in 0..<10_000 { message.append(Frame("\(index)")) }
        for index in 0..<10_000 { #expect(message.string(index) == "\(index)") }
        for index in 0..<10_000 {
            let text = message.removeFirst()?.string
            #expect(text == "\(index)")
        }
        #expect(message.parts == [])
        message.append(Frame("again"))
        #expect(message.parts == [Array("again".utf8)])
    }

    @Test func framesOutOfBounds() async {
        await #expect(processExitsWith: .failure) { _ = Message().bytes(0) }
        await #expect(processExitsWith: .failure) { _ = Message("x").bytes(1) }
        await #expect(processExitsWith: .failure) { _ = Message("x").bytes(-1) }
    }
}
