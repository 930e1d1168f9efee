import Glibc
import MCFacade
import MCTestSupport
import Testing

extension Stress {
    /// A peer that does not read, kernel buffers that are full, and a close.
    @Suite(.serialized) struct Linger {
        enum Side: CaseIterable { case bind, connect }

        @Test(.timeLimit(.minutes(1)), arguments: [0, 300], Side.allCases)
        func `close returns at once, the context within LINGER`(
            _ milliseconds: Int, _ side: Side
        ) async throws {
            try await blocking {
                let context = Context()
                let push = try PushSocket(
                    context: context, options: patient { $0.lingerMilliseconds = milliseconds })
                let raw: RawSocket
                if side == .bind {
                    let endpoint = try push.bind("tcp://127.0.0.1:*")
                    raw = try RawSocket.connect(try port(of: endpoint))
                } else {
                    let listener = try RawSocket.listen()
                    try push.connect("tcp://127.0.0.1:\(listener.port)")
                    raw = try listener.accept()
                }
                try raw.handshake(as: "PULL")
                let body = [UInt8](repeating: 1, count: 1 << 20)
                for _ in 0..<32 { try push.send(body) }
                let began = now()
                push.close()
                let closed = now() - began
                context.close()
                let ended = now() - began
                #expect(closed < 0.2)
                #expect(ended < Double(milliseconds) / 1000 + 1)
                #expect(ended >= Double(milliseconds) / 1000 * 0.9)
                // The peer finds the end of the stream, or a reset, behind what the kernel had.
                let hasEnded = raw.ends()
                #expect(hasEnded)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: [0, 300], ["context", "return"])
        func `a sender exits within LINGER`(_ milliseconds: Int, _ end: String) async throws {
            try await blocking {
                let listener = try RawSocket.listen()
                let sender = try Peer(
                    "send", "tcp://127.0.0.1:\(listener.port)", "count=32", "bytes=1000000",
                    "linger=\(milliseconds)", "end=\(end)")
                let raw = try listener.accept()
                // With LINGER 0 it may be gone before hands are shaken.
                try? raw.handshake(as: "PULL")
                let status = sender.wait(within: 5)
                #expect(status == 0)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a sender waits for a slow reader for ever`() async throws {
            try await blocking {
                let listener = try RawSocket.listen()
                let sender = try Peer(
                    "send", "tcp://127.0.0.1:\(listener.port)", "count=32", "bytes=1000000",
                    "end=return")
                let raw = try listener.accept()
                try raw.handshake(as: "PULL")
                let early = sender.wait(within: 1)
                #expect(early == nil)
                for number in 0..<32 {
                    let frames = try raw.message()
                    #expect(frames.count == 1 && frames[0].count == 1_000_000)
                    #expect(frames[0][0] == UInt8(number))
                }
                let status = sender.wait()
                #expect(status == 0)
                #expect(raw.ends())
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a sender with no peer at all exits within LINGER`() async throws {
            try await blocking {
                for end in ["context", "return"] {
                    let sender = try Peer(
                        "send", "ipc://\(temporaryPath())", "count=100", "linger=200", "end=\(end)")
                    let status = sender.wait(within: 5)
                    #expect(status == 0)
                }
            }
        }
    }
}
