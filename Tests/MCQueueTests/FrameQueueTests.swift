import Foundation
import MCMemory
import MCQueue
import MCTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FrameQueueTests {
    /// Anything a producer and a consumer may do, against arrays.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func againstAModel(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let creditStep = Int.random(in: 1...40, using: &random)
        let queue = FrameQueue.create(creditStep: creditStep)
        defer { queue.destroy() }
        var published: [(text: String, more: Bool)] = []
        // So many of them have been taken.
        var taken = 0
        var whole: [(text: String, more: Bool)] = []
        var unfinished: [(text: String, more: Bool)] = []
        var number = 0
        var depth = 0
        for _ in 0..<scaled(3000) {
            switch Int.random(in: 0...9, using: &random) {
            case 0...3:
                // Long messages cross segments, and fill them exactly.
                for _ in 0..<Int.random(in: 1...(seed % 2 == 0 ? 4 : 70), using: &random) {
                    // Short enough for a frame's value, for the queue itself, or for neither.
                    let padding = [0, 60, 300, 505, 600].randomElement(using: &random) ?? 0
                    let text = String(repeating: "x", count: padding) + "\(number)"
                    let hasMore = Int.random(in: 0...2, using: &random) > 0
                    unfinished.append((text, hasMore))
                    number += 1
                    if !hasMore {
                        whole += unfinished
                        unfinished = []
                        depth += 1
                    }
                    if Bool.random(using: &random) {
                        var frame = Frame(text)
                        frame.hasMore = hasMore
                        queue.push(frame)
                    } else {
                        let isPushed = [UInt8](text.utf8).withUnsafeBytes {
                            queue.push(copying: $0.baseAddress, count: $0.count, hasMore: hasMore)
                        }
                        #expect(isPushed)
                    }
                }
            case 4...5:
                queue.publish()
                published += whole
                whole = []
                let waiting = published[taken...].lazy.filter { !$0.more }.count
                #expect(queue.waitingMessages == waiting)
                #expect(queue.pushedMessages == published.lazy.filter { !$0.more }.count)
            case 6:
                queue.rollback()
                unfinished = []
            default:
                for _ in 0..<Int.random(in: 1...100, using: &random) {
                    // Not `#expect` on each, which would take most of the time.
                    if queue.isEmpty != (taken == published.count) {
                        Issue.record("the queue says that it is empty, and is not, or the reverse")
                    }
                    guard let frame = queue.pop() else {
                        #expect(taken == published.count)
                        break
                    }
                    guard taken < published.count else {
                        Issue.record("a frame that was not published")
                        return
                    }
                    let expected = published[taken]
                    taken += 1
                    if frame.string != expected.text || frame.hasMore != expected.more {
                        Issue.record("\(frame.count) bytes for \(expected.text.utf8.count)")
                    }
                    if !frame.hasMore { depth -= 1 }
                }
            }
            #expect(queue.hasUnfinished == !unfinished.isEmpty)
            // The producer may not know yet of the last messages taken, never of too many.
            #expect((depth..<(depth + creditStep)).contains(queue.depth))
            #expect(queue.hasRoom(limit: 0))
            #expect(queue.hasRoom(limit: queue.depth + 1))
            if queue.depth > 0 { #expect(!queue.hasRoom(limit: queue.depth)) }
        }
    }

    /// A consumer that takes everything has told of everything, whatever the step.
    @Test func anEmptyQueueHasDepthZero() {
        let queue = FrameQueue.create(creditStep: 1000)
        defer { queue.destroy() }
        for round in 1...300 {
            for _ in 0..<round % 7 { queue.push(Frame("x")) }
            queue.publish()
            while queue.pop() != nil {}
            #expect(queue.depth == 0)
        }
    }

    @Test func holdsNothingBeforeTheFirstPush() {
        let queue = FrameQueue.create(creditStep: 1)
        #expect(queue.isEmpty)
        #expect(queue.text() == nil)
        queue.rollback()
        queue.publish()
        #expect(queue.text() == nil)
        queue.destroy()
    }

    /// Frames published, whole but not published, and unfinished: all are given back at the end.
    @Test(arguments: [0, 1, 61, 62, 63, 124, 200], [0, 1, 62, 130])
    func destroyingLeaksNothing(published: Int, unfinished: Int) {
        for unpublished in [0, 1, 62, 63, 125] {
            for taken in Set([0, published / 2, published]) {
                let releases = Releases()
                let queue = FrameQueue.create(creditStep: 4)
                for _ in 0..<published { queue.push(releases.frame()) }
                queue.publish()
                for _ in 0..<taken { _ = queue.pop() }
                #expect(releases.count == taken)
                for _ in 0..<unpublished { queue.push(releases.frame()) }
                for _ in 0..<unfinished {
                    var frame = releases.frame()
                    frame.hasMore = true
                    queue.push(frame)
                }
                queue.destroy()
                #expect(releases.count == published + unpublished + unfinished)
            }
        }
    }

    /// A segment that was made for a frame that did not come goes, too: the thread gets it again.
    @Test(.enabled(if: !isSanitized))
    func destroyingGivesBackWhatWasNotUsed() {
        /// The first places of a queue's two segments, of which the second stays empty.
        func places(of queue: FrameQueue) -> [UnsafeMutablePointer<Frame>] {
            let first = queue.place()
            for _ in 0..<FrameQueue.framesPerSegment { queue.push(Frame("x")) }
            return [first, queue.place()]
        }
        let queue = FrameQueue.create(creditStep: 4)
        let before = places(of: queue)
        queue.destroy()
        let next = FrameQueue.create(creditStep: 4)
        #expect(Set(places(of: next)) == Set(before))
        next.destroy()
    }

    /// A message that is used again lets go of what it had.
    @Test func poppingIntoAMessageGivesBackItsFrames() {
        let releases = Releases()
        let queue = FrameQueue.create(creditStep: 4)
        for _ in 0..<4 { queue.push(releases.frame()) }
        queue.push(Frame("small"))
        queue.publish()
        do {
            var message = Message()
            for taken in 0..<4 {
                let isThere = queue.pop(into: &message)
                #expect(isThere)
                #expect(releases.count == taken)
            }
            message.append(releases.frame())
            let isSmallThere = queue.pop(into: &message)
            #expect(isSmallThere)
            #expect(releases.count == 5)
            #expect(message.parts == [Array("small".utf8)])
            let isMore = queue.pop(into: &message)
            #expect(!isMore)
            #expect(message.parts == [Array("small".utf8)])
        }
        #expect(releases.count == 5)
        queue.destroy()
    }

    @Test func rollbackGivesBackAtOnce() {
        let releases = Releases()
        let queue = FrameQueue.create(creditStep: 4)
        queue.push(Frame("whole"))
        for _ in 0..<150 {
            var frame = releases.frame()
            frame.hasMore = true
            queue.push(frame)
        }
        queue.rollback()
        #expect(releases.count == 150)
        queue.publish()
        #expect(queue.text() == "whole")
        #expect(queue.text() == nil)
        queue.destroy()
    }

    /// Two threads at full speed: order, whole messages, and the mark is kept.
    @Test(arguments: [1, 7, 1000])
    func twoThreads(limit: Int) {
        let queue = FrameQueue.create(creditStep: limit / 4)
        let total = scaled(60_000)
        let done = DispatchSemaphore(value: 0)
        let isOver = Flag()
        startThread {
            var random = SeededGenerator(seed: 3)
            for index in 0..<total {
                while !queue.hasRoom(limit: limit) {
                    if isOver.isSet { break }
                    sched_yield()
                }
                let frames = index % 5 + 1
                for part in 0..<frames {
                    var frame = Frame("\(index)/\(part)")
                    frame.hasMore = part + 1 < frames
                    queue.push(frame)
                }
                // Sometimes half a message is given up.
                if random.next() % 16 == 0 {
                    var frame = Frame("lost")
                    frame.hasMore = true
                    queue.push(frame)
                    queue.publish()
                    queue.rollback()
                }
                queue.publish()
            }
            done.signal()
        }
        let deadline = ContinuousClock.now + .seconds(30)
        var errors = 0
        for index in 0..<total {
            for part in 0...(index % 5) {
                var next = queue.pop()
                // Only in front of a message may the queue be empty.
                while next == nil, part == 0, ContinuousClock.now < deadline {
                    sched_yield()
                    next = queue.pop()
                }
                if next?.string != "\(index)/\(part)" { errors += 1 }
            }
            if errors > 0 { break }
        }
        isOver.set()
        #expect(errors == 0)
        done.wait()
        #expect(errors > 0 || queue.isEmpty)
        queue.destroy()
    }
}

extension FrameQueue {
    /// The next frame as text; nil when there is none.
    fileprivate func text() -> String? { pop()?.string }
}

final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// Counts adopted memory that was given back.
final class Releases: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .acquiring) }

    /// A frame that counts when it is dropped.
    func frame() -> Frame {
        let bytes: StaticString = "adopted"
        return Frame(
            adopting: UnsafeRawBufferPointer(start: bytes.utf8Start, count: bytes.utf8CodeUnitCount)
        ) { self.number.add(1, ordering: .acquiringAndReleasing) }
    }
}
