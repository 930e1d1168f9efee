import Glibc
import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// Every option of a socket has an effect: each test fails when its option is ignored.
    @Suite struct Options {
        // MARK: High-water marks

        @Test(arguments: Way.streams)
        func sendHighWaterMark(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 5 })
                try push.connect(try way.reserved())
                for _ in 0..<5 { try push.send("x", .dontWait) }
                #expect(code { try push.send("x", .dontWait) } == .wouldBlock)
                // Live, and multipart messages count once.
                try push.setOptions { $0.sendHighWaterMark = 7 }
                for _ in 0..<2 { try push.send(parts: [[1], [2], [3]], .dontWait) }
                #expect(code { try push.send("x", .dontWait) } == .wouldBlock)
                try push.setOptions { $0.sendHighWaterMark = 0 }
                for _ in 0..<5000 { try push.send("x", .dontWait) }
            }
        }

        /// In-process the two marks add up (the zmq_inproc manual).
        @Test func highWaterMarksOfInproc() throws {
            try withContext { context in
                for (send, receive, total) in [(3, 4, 7), (1, 1, 2), (10, 1, 11)] {
                    let push = try PushSocket(
                        context: context, options: .test { $0.sendHighWaterMark = send })
                    let pull = try PullSocket(
                        context: context, options: .test { $0.receiveHighWaterMark = receive })
                    try push.connect(try pull.bind(Way.inproc.fresh))
                    var count = 0
                    while code({ try push.send("x", .dontWait) }) == nil, count < 100 { count += 1 }
                    #expect(count == total)
                    for _ in 0..<total { _ = try pull.receive() }
                    try push.send("room again", .dontWait)
                }
                // No limit on one side is no limit.
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 3 })
                let pull = try PullSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 0 })
                try push.connect(try pull.bind(Way.inproc.fresh))
                for _ in 0..<5000 { try push.send("x", .dontWait) }
            }
        }

        /// A peer that sends without end is no longer read at the mark: its kernel fills up.
        @Test(arguments: Way.streams)
        func receiveHighWaterMark(way: Way) throws {
            try withContext { context in
                let body = [UInt8](repeating: 9, count: 10_000)
                var taken: [Int: Int] = [:]
                for mark in [4, 0] {
                    let pull = try PullSocket(
                        context: context, options: .test { $0.receiveHighWaterMark = mark })
                    let raw = try RawPeer.connect(to: try pull.bind(way.fresh))
                    try raw.shakeHands(as: "PUSH")
                    let sent = try pushUntilFull(raw, body, atMost: 3000)
                    taken[mark] = sent
                    // Reading goes on as messages are taken, and all of them come.
                    for _ in 0..<(sent - 1) { #expect(try pull.receive().bytes().count == 10_000) }
                }
                let limited = try #require(taken[4])
                #expect(limited < 1500, "\(taken)")
                #expect(taken[0] == 3000, "\(taken)")
            }
        }

        /// Sends frames until the socket and the kernels take no more for a while.
        private func pushUntilFull(_ raw: RawPeer, _ body: [UInt8], atMost: Int) throws -> Int {
            let frame =
                [2] + withUnsafeBytes(of: UInt64(body.count).bigEndian) { [UInt8]($0) } + body
            for index in 0..<atMost {
                var rest = frame[...]
                while !rest.isEmpty {
                    guard isReady(raw.link.descriptor, Int16(POLLOUT), within: 150) else {
                        // The last one is not whole.
                        return index
                    }
                    rest = rest.dropFirst(try raw.sendSome(rest))
                }
            }
            return atMost
        }

        // MARK: Timeouts

        @Test func receiveTimeout() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                try pull.setOptions { $0.receiveTimeoutMilliseconds = 0 }
                let atOnce = elapsed {
                    #expect(code { _ = try pull.receive() } == .wouldBlock)
                }
                #expect(atOnce < 50)
                try pull.setOptions { $0.receiveTimeoutMilliseconds = 120 }
                for _ in 0..<2 {
                    let time = elapsed { #expect(code { _ = try pull.receive() } == .timedOut) }
                    #expect((119..<1000).contains(time))
                }
                try pull.setOptions { $0.receiveTimeoutMilliseconds = -1 }
                let waiting = Worker { try pull.text() }
                #expect(!waiting.ends(within: 300))
                let push = try PushSocket(context: context, options: .test)
                try push.connect(try pull.bind("tcp://127.0.0.1:*"))
                try push.send("at last")
                #expect(try waiting.join() == "at last")
                // The same with a peer, when receivers read for themselves.
                try pull.setOptions { $0.receiveTimeoutMilliseconds = 120 }
                let time = elapsed { #expect(code { _ = try pull.receive() } == .timedOut) }
                #expect((119..<1000).contains(time))
                try pull.setOptions { $0.receiveTimeoutMilliseconds = 0 }
                let again = elapsed { #expect(code { _ = try pull.receive() } == .wouldBlock) }
                #expect(again < 50)
            }
        }

        /// A thread that looks on uses its processor meanwhile, and one that does not sleeps.
        @Test(arguments: Way.allCases)
        func spin(way: Way) throws {
            try withContext { context in
                let a = try PairSocket(context: context, options: .test)
                let b = try PairSocket(context: context, options: .test)
                try b.connect(try a.bind(way.fresh))
                // Until they have met.
                try b.send("hello")
                _ = try a.receive()
                func processorTimeOfWaiting(_ microseconds: Int) throws -> Double {
                    try a.setOptions { $0.spinMicroseconds = microseconds }
                    let sender = Worker {
                        usleep(100_000)
                        try b.send("late")
                    }
                    let before = threadProcessorSeconds()
                    #expect(try a.receive().string() == "late")
                    let used = threadProcessorSeconds() - before
                    try sender.join()
                    return used
                }
                #expect(try processorTimeOfWaiting(0) < 0.01)
                // Not for longer than it says.
                #expect(try processorTimeOfWaiting(2000) < 0.02)
                // With one processor there is nothing to look for.
                let used = try processorTimeOfWaiting(1_000_000)
                #expect(usableProcessors > 1 ? used > 0.02 : used < 0.02)
            }
        }

        @Test func sendTimeout() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                try push.setOptions { $0.sendTimeoutMilliseconds = 0 }
                let atOnce = elapsed { #expect(code { try push.send("x") } == .wouldBlock) }
                #expect(atOnce < 50)
                try push.setOptions { $0.sendTimeoutMilliseconds = 120 }
                for _ in 0..<2 {
                    let time = elapsed { #expect(code { try push.send("x") } == .timedOut) }
                    #expect((119..<1000).contains(time))
                }
                try push.setOptions { $0.sendTimeoutMilliseconds = -1 }
                #expect(code { try push.send("x", .dontWait) } == .wouldBlock)
                let waiting = Worker { try push.send("at last") }
                #expect(!waiting.ends(within: 300))
                let pull = try PullSocket(context: context, options: .test)
                try push.connect(try pull.bind("tcp://127.0.0.1:*"))
                try waiting.join()
                #expect(try pull.text() == "at last")
            }
        }

        /// A task's waiting is limited by the same options.
        @Test func timeoutsOfTasks() async throws {
            try await withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.receiveTimeoutMilliseconds = 80 })
                let push = try PushSocket(
                    context: context, options: .test { $0.sendTimeoutMilliseconds = 80 })
                let clock = ContinuousClock()
                let receiving = await clock.measure {
                    #expect(await asyncCode { _ = try await pull.receive() } == .timedOut)
                }
                #expect(receiving >= .milliseconds(79) && receiving < .seconds(2))
                let sending = await clock.measure {
                    #expect(await asyncCode { try await push.send("x") } == .timedOut)
                }
                #expect(sending >= .milliseconds(79) && sending < .seconds(2))
            }
        }

        @Test func dontWait() throws {
            try withContext { context in
                let forEver = SocketOptions.test {
                    $0.sendTimeoutMilliseconds = -1
                    $0.receiveTimeoutMilliseconds = -1
                }
                let pair = try PairSocket(context: context, options: forEver)
                let time = elapsed {
                    var isEmpty = false
                    #expect(code { isEmpty = try pair.tryReceive() == nil } == nil)
                    #expect(isEmpty)
                    #expect(code { try pair.send("x", .dontWait) } == .wouldBlock)
                    #expect(code { try pair.send([1], .dontWait) } == .wouldBlock)
                    #expect(code { try pair.send(parts: [[1]], .dontWait) } == .wouldBlock)
                }
                #expect(time < 50)
            }
        }

        // MARK: LINGER

        @Test(arguments: Way.streams)
        func lingerZeroDrops(way: Way) throws {
            let endpoint = try way.reserved()
            let time = try withContext { context -> Int in
                let push = try PushSocket(context: context, options: .test)
                try push.connect(endpoint)
                try push.send("dropped")
                return elapsed {
                    push.close()
                    context.close()
                }
            }
            #expect(time < 500)
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                try pull.bind(endpoint)
                #expect(try pull.countUntilQuiet() == 0)
            }
        }

        @Test(arguments: Way.streams)
        func lingerWaitsSoLong(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.lingerMilliseconds = 250 })
                try push.connect(try way.reserved())
                try push.send("nobody comes")
                push.close()
                let time = elapsed { context.close() }
                #expect((200..<1500).contains(time))
            }
        }

        @Test(arguments: Way.streams)
        func lingerForEverDelivers(way: Way) throws {
            let endpoint = try way.reserved()
            let context = Context()
            let push = try PushSocket(
                context: context, options: .test { $0.lingerMilliseconds = -1 })
            try push.connect(endpoint)
            for index in 0..<500 { try push.send("\(index)") }
            push.close()
            let closing = Worker { context.close() }
            #expect(!closing.ends(within: 300))
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                try pull.bind(endpoint)
                for index in 0..<500 { #expect(try pull.text() == "\(index)") }
            }
            try closing.join()
        }

        /// Much more than the kernel holds, to a peer that reads slowly.
        @Test(arguments: Way.streams)
        func lingerDeliversLargeMessages(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.lingerMilliseconds = -1 })
                let raw = try RawPeer.connect(to: try push.bind(way.fresh))
                try raw.shakeHands(as: "PULL")
                for index in 0..<8 {
                    try push.send([UInt8](repeating: UInt8(index), count: 3_000_000))
                }
                push.close()
                for index in 0..<8 {
                    pause(5)
                    let message = try raw.message()
                    #expect(message[0] == [UInt8](repeating: UInt8(index), count: 3_000_000))
                }
                #expect(raw.isClosed(within: 3000))
            }
        }
    }
}
