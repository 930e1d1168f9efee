import Glibc
import MCFacade
import MCLock
import MCTestSupport
import Testing

extension Stress {
    /// A sender with LINGER -1 that closes and exits: everything arrives, in order.
    @Suite(.serialized) struct Exit {
        static let runs = isSanitized ? 2 : 20
        /// The context is closed in all of these; the shorter way out needs fewer.
        static let runsOfReturn = isSanitized ? 1 : 20 / 4
        static let messages = 100_000

        @Test(.timeLimit(.minutes(5)), arguments: ["tcp", "ipc"], ["context", "return"])
        func `everything arrives from a sender that exits`(
            _ transport: String, _ end: String
        ) async throws {
            try await blocking {
                let pull = try PullSocket(options: patient())
                let path = temporaryPath()
                let endpoint = try pull.bind(
                    transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(path)")
                for run in 0..<(end == "return" ? Exit.runsOfReturn : Exit.runs) {
                    let peer = try Peer(
                        "send", endpoint, "count=\(Exit.messages)", "bytes=8", "end=\(end)")
                    try Exit.expectAll(pull, run: run)
                    let status = peer.wait()
                    #expect(status == 0)
                }
                let isMore = try pull.tryReceive() != nil
                #expect(!isMore)
                pull.close()
            }
        }

        /// The sender is gone before anybody receives: what it sent lies in the kernel and in the
        /// receiver's queue, or the sender stays until it can leave.
        @Test(.timeLimit(.minutes(1)), arguments: ["tcp", "ipc"])
        func `everything arrives when the receiver is late`(_ transport: String) async throws {
            try await blocking {
                let pull = try PullSocket(options: patient())
                let endpoint = try pull.bind(
                    transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(temporaryPath())")
                for run in 0..<(isSanitized ? 1 : 5) {
                    let peer = try Peer(
                        "send", endpoint, "count=\(Exit.messages)", "bytes=8", "end=return")
                    usleep(200_000)
                    try Exit.expectAll(pull, run: run)
                    let status = peer.wait()
                    #expect(status == 0)
                }
                pull.close()
            }
        }

        /// The receiver appears only after the sender has closed.
        @Test(.timeLimit(.minutes(1)))
        func `a sender waits for its first peer`() async throws {
            try await blocking {
                let path = temporaryPath()
                let peer = try Peer(
                    "send", "ipc://\(path)", "count=500", "bytes=8", "end=return")
                usleep(300_000)
                let pull = try PullSocket(options: patient())
                try pull.bind("ipc://\(path)")
                for number in 0..<500 {
                    let bytes = try pull.receive().bytes()
                    #expect(Exit.number(bytes) == number)
                }
                let status = peer.wait()
                #expect(status == 0)
                pull.close()
            }
        }

        /// Sockets that live for one message, as short programs have them.
        @Test(
            .timeLimit(.minutes(1)), arguments: ["tcp://127.0.0.1:*", "ipc://*", "inproc://brief"])
        func `10,000 sockets send one message each and close`(_ endpoint: String) async throws {
            try await blocking {
                let context = Context()
                let pull = try PullSocket(
                    context: context, options: patient { $0.receiveHighWaterMark = 0 })
                let real = try pull.bind(endpoint)
                let count = scaled(10_000)
                let received = Locked(0)
                let isOver = Locked(false)
                startThread {
                    defer { context.close() }
                    do {
                        for number in 0..<count {
                            let push = try PushSocket(
                                context: context, options: patient { $0.lingerMilliseconds = -1 })
                            try push.connect(real)
                            try push.send(Wire.bigEndian(UInt64(number), bytes: 8))
                            push.close()
                            // Those that linger hold descriptors, of which there are not so many.
                            while number - received.withLock({ $0 }) > 200 {
                                if isOver.withLock({ $0 }) { return }
                                usleep(1000)
                            }
                        }
                        while !isOver.withLock({ $0 }) { usleep(1000) }
                    } catch {
                        Issue.record(error)
                    }
                }
                defer { isOver.withLock { $0 = true } }
                var seen = [Bool](repeating: false, count: count)
                for _ in 0..<count {
                    let number = try pull.receive().bytes().reduce(0) { $0 << 8 | Int($1) }
                    let isNew = !seen[number]
                    #expect(isNew)
                    seen[number] = true
                    received.withLock { $0 += 1 }
                }
            }
        }

        private static func expectAll(_ pull: PullSocket, run: Int) throws {
            for number in 0..<messages {
                let message = try pull.receive()
                let got = message.withFrame(0) { frame in
                    frame.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
                }
                guard got == number else {
                    throw Failure("run \(run): message \(number) is \(got)")
                }
            }
        }

        private static func number(_ bytes: [UInt8]) -> Int {
            bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        }
    }
}
