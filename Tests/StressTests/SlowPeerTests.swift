import Glibc
import MCFacade
import MCTestSupport
import Testing

extension Stress {
    /// Peers that do not read, and peers that are stopped.
    @Suite(.serialized) struct SlowPeers {
        @Test(.timeLimit(.minutes(1)))
        func `a subscriber that does not read delays nobody`() async throws {
            try await blocking {
                let pub = try PubSocket(options: patient { $0.sendHighWaterMark = 200 })
                let endpoint = try pub.bind("tcp://127.0.0.1:*")
                let slow = try (0..<3).map { _ in
                    let raw = try RawSocket.connect(try port(of: endpoint), receiveBuffer: 4096)
                    try raw.handshake(as: "SUB")
                    try raw.send(Wire.command("SUBSCRIBE"))
                    return raw
                }
                let context = Context()
                let sub = try SubSocket(context: context, options: patient())
                try sub.subscribe()
                try sub.connect(endpoint)
                let isThere = try eventually {
                    try pub.send("hello")
                    usleep(1000)
                    return try sub.tryReceive() != nil
                }
                #expect(isThere)
                let body = [UInt8](repeating: 1, count: 10_000)
                var worst = 0.0
                for number in 0..<3000 {
                    let began = now()
                    try pub.send(parts: [[9] + Wire.bigEndian(UInt64(number), bytes: 8), body])
                    while true {
                        let message = try sub.receive()
                        if message.count == 1 { continue }
                        let got = message.bytes(0)
                        #expect(got == [9] + Wire.bigEndian(UInt64(number), bytes: 8))
                        break
                    }
                    worst = max(worst, now() - began)
                }
                #expect(worst < (isSanitized ? 2 : 0.5))
                // What a slow one gets when it reads again is whole, and in order.
                var last = -1
                for _ in 0..<50 {
                    let frames = try slow[0].message()
                    if frames.count == 1 { continue }
                    let number = frames[0].dropFirst().reduce(0) { $0 << 8 | Int($1) }
                    #expect(number > last && frames[1] == body)
                    last = number
                }
                pub.close()
                sub.close()
                context.close()
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["tcp", "ipc"])
        func `a stopped PULL does not stop the others`(_ transport: String) async throws {
            try await blocking {
                let push = try PushSocket(options: patient { $0.sendHighWaterMark = 500 })
                let endpoint = try push.bind(
                    transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(temporaryPath())")
                let pulls = try (0..<3).map { _ in
                    let peer = try Peer("serve", "PULL", endpoint, "connect=1", "rcvhwm=500")
                    try peer.expect("bound")
                    return peer
                }
                // All are there when each has had something.
                var sent = 0
                let areThere = try eventually {
                    for _ in 0..<3 { try push.send(Payload.whole(sent)) }
                    sent += 3
                    return try pulls.allSatisfy { try $0.stats().messages > 0 }
                }
                #expect(areThere)
                pulls[1].kill(SIGSTOP)
                let began = now()
                let count = 20_000
                for _ in 0..<count { try push.send(Payload.whole(sent)) }
                sent += count
                #expect(now() - began < 20)
                // What the stopped one cannot take, the others have.
                let first = try pulls[0].stats { $0.messages > count / 4 }
                let last = try pulls[2].stats { $0.messages > count / 4 }
                #expect(first.messages > count / 4)
                #expect(last.messages > count / 4)
                pulls[1].kill(SIGCONT)
                var total = 0
                let isAll = try eventually(within: 20) {
                    total = try pulls.reduce(0) { try $0 + $1.stats().messages }
                    return total >= sent
                }
                #expect(isAll, "\(total) of \(sent)")
                for pull in pulls { #expect(try pull.stats().bad == 0) }
                push.close()
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a PUSH whose only peer is stopped times out and goes on`() async throws {
            try await blocking {
                let push = try PushSocket(
                    options: patient {
                        $0.sendHighWaterMark = 10
                        $0.sendTimeoutMilliseconds = 200
                    })
                let pull = try Peer("serve", "PULL", "tcp://127.0.0.1:*", "rcvhwm=10")
                try push.connect(try pull.expect("bound"))
                try push.send(Payload.whole(0))
                try pull.stats { $0.messages > 0 }
                pull.kill(SIGSTOP)
                var sent = 1
                let body = [UInt8](repeating: 1, count: 100_000)
                var code: SocketError.Code?
                while code == nil, sent < 10_000 {
                    do throws(SocketError) {
                        try push.send(body)
                        sent += 1
                    } catch {
                        code = error.code
                    }
                }
                #expect(code == .timedOut)
                pull.kill(SIGCONT)
                try push.setOptions { $0.sendTimeoutMilliseconds = 20_000 }
                try push.send(body)
                let stats = try pull.stats { $0.messages > sent }
                #expect(stats.messages == sent + 1)
                push.close()
            }
        }
    }
}

enum Payload {
    /// A message as `MCTestPeer` knows it: two frames that say which they are.
    static func whole(_ number: Int) -> Message {
        Message(
            parts: (0..<2).map { index in
                var frame: [UInt8] = []
                for value in [number, index, 2] {
                    frame += Wire.bigEndian(UInt64(value), bytes: 8).reversed()
                }
                return frame + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1000)
            })
    }
}
