import Glibc
import MCFacade
import MCLock
import MCTestSupport
import Testing

extension Stress {
    /// Sockets that many threads use at once.
    @Suite(.serialized) struct Sharing {
        @Test(
            .timeLimit(.minutes(1)),
            arguments: ["tcp://127.0.0.1:*", "ipc://*", "inproc://sharing"])
        func `four threads send and four receive, each message once and whole`(
            _ endpoint: String
        ) async throws {
            try await blocking {
                let context = Context()
                let pull = try PullSocket(
                    context: context, options: patient { $0.receiveHighWaterMark = 100 })
                let push = try PushSocket(
                    context: context, options: patient { $0.sendHighWaterMark = 100 })
                try push.connect(try pull.bind(endpoint))
                let perThread = scaled(20_000)
                let seen = Locked([Bool](repeating: false, count: 4 * perThread))
                let problems = Locked([String]())
                let left = Locked(8)
                for thread in 0..<4 {
                    startThread {
                        do {
                            for index in 0..<perThread {
                                try push.send(Sharing.message(thread * perThread + index))
                            }
                        } catch {
                            problems.withLock { $0.append("send: \(error)") }
                        }
                        left.withLock { $0 -= 1 }
                    }
                    startThread {
                        do {
                            for _ in 0..<perThread {
                                let parts = try pull.receive().parts
                                let number = Sharing.number(parts)
                                let isNew = seen.withLock { seen in
                                    guard let number, seen.indices.contains(number), !seen[number]
                                    else { return false }
                                    seen[number] = true
                                    return true
                                }
                                if !isNew { problems.withLock { $0.append("got \(parts)") } }
                            }
                        } catch {
                            problems.withLock { $0.append("receive: \(error)") }
                        }
                        left.withLock { $0 -= 1 }
                    }
                }
                let areDone = eventually(within: 40) { left.withLock { $0 == 0 } }
                #expect(areDone)
                #expect(problems.withLock { $0.prefix(5) } == [])
                let missing = seen.withLock { $0.filter { !$0 }.count }
                #expect(missing == 0)
                context.close()
            }
        }

        /// A lost wake-up shows as a time-out here.
        @Test(
            .timeLimit(.minutes(1)), arguments: ["tcp://127.0.0.1:*", "ipc://*", "inproc://turns"])
        func `thousands of turns between sleeping threads`(_ endpoint: String) async throws {
            try await blocking {
                let context = Context()
                let router = try RouterSocket(context: context, options: patient())
                let real = try router.bind(endpoint)
                for _ in 0..<2 {
                    startThread {
                        while let message = try? router.receive() {
                            if (try? router.send(message)) == nil { return }
                        }
                    }
                }
                let problems = Locked([String]())
                let left = Locked(3)
                for thread in 0..<3 {
                    let dealer = try DealerSocket(context: context, options: patient())
                    try dealer.connect(real)
                    startThread {
                        do {
                            for turn in 0..<scaled(5000) {
                                try dealer.send("\(thread) \(turn)")
                                // Pauses of all lengths around the hand-over between threads.
                                if turn % 64 == 0 { usleep(UInt32(turn % 8 * 1000)) }
                                let answer = try dealer.receive().string()
                                if answer != "\(thread) \(turn)" {
                                    problems.withLock { $0.append("got \(answer ?? "-")") }
                                }
                            }
                        } catch {
                            problems.withLock { $0.append("\(error)") }
                        }
                        left.withLock { $0 -= 1 }
                    }
                }
                let areDone = eventually(within: 40) { left.withLock { $0 == 0 } }
                #expect(areDone)
                #expect(problems.withLock { $0.prefix(5) } == [])
                context.close()
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `close wakes everybody`() async throws {
            try await blocking {
                for round in 0..<scaled(30) {
                    let context = Context()
                    let pull = try PullSocket(context: context, options: patient())
                    let push = try PushSocket(
                        context: context, options: patient { $0.sendHighWaterMark = 1 })
                    try pull.bind("tcp://127.0.0.1:*")
                    try push.connect("tcp://127.0.0.1:1")
                    let left = Locked(8)
                    for _ in 0..<4 {
                        startThread {
                            while (try? pull.receive()) != nil {}
                            left.withLock { $0 -= 1 }
                        }
                        startThread {
                            while (try? push.send("x")) != nil {}
                            left.withLock { $0 -= 1 }
                        }
                    }
                    usleep(UInt32(round % 10 * 1000))
                    let began = now()
                    if round % 2 == 0 {
                        context.close()
                    } else {
                        pull.close()
                        push.close()
                    }
                    let areAwake = eventually(within: 5) { left.withLock { $0 == 0 } }
                    #expect(areAwake, "round \(round)")
                    #expect(now() - began < 3)
                    context.close()
                }
            }
        }

        private static func message(_ number: Int) -> Message {
            // One to three frames, some of them large.
            var parts = [Wire.bigEndian(UInt64(number), bytes: 8)]
            for part in 0..<number % 3 {
                let size = number % 50 == 0 ? 9000 : 10
                parts.append(
                    [UInt8](repeating: UInt8(truncatingIfNeeded: number + part), count: size))
            }
            return Message(parts: parts)
        }

        /// The number of a message that is whole, else nil.
        private static func number(_ parts: [[UInt8]]) -> Int? {
            let number = parts[0].reduce(0) { $0 << 8 | Int($1) }
            return parts == message(number).parts ? number : nil
        }
    }
}
