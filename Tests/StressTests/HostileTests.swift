import Glibc
import MCTestSupport
import Testing

extension Stress {
    /// Bad input on a bound socket: that connection ends, memory stays bounded by what arrived,
    /// and a good connection beside it notices nothing.
    @Suite(.serialized) struct Hostile {
        static let types = [
            "PULL", "PUSH", "PUB", "SUB", "REP", "REQ", "PAIR", "DEALER", "ROUTER",
            "XPUB", "XSUB",
        ]

        @Test(.timeLimit(.minutes(2)), arguments: types)
        func `every attack on a bound socket`(_ type: String) async throws {
            try await blocking {
                let good = try Good(serving: type)
                let start = try good.peer.stats()
                var before = start
                // After the first round a process has what it keeps; the second adds nothing.
                for round in 0..<2 {
                    for attack in Attack.all {
                        // A question that went to an attacker is answered by nobody: REQ's promise
                        // is to wait, and RFC 28 gives it no other.
                        if type == "REQ" && attack.phase == .traffic { continue }
                        try Hostile.run(attack, on: good)
                        try good.exchange(during: attack.name)
                    }
                    let after = try good.peer.stats { $0.descriptors <= start.descriptors }
                    #expect(after.descriptors == start.descriptors)
                    #expect(after.threads == start.threads)
                    expectMemory(after, backTo: before, slack: (round == 0 ? 16 : 6) << 10)
                    before = after
                }
            }
        }

        private static func run(_ attack: Attack, on good: Good) throws {
            let partner = Wire.partner(of: good.type)
            let client = try RawSocket.connect(good.port)
            switch attack.phase {
            case .greeting: break
            case .mechanism:
                try client.send(Wire.greeting())
                _ = try client.exactly(64)
            case .traffic: try client.handshake(as: partner)
            }
            let bytes = attack.bytes(partner)
            // The other side may close while we are still at it.
            let wasSent = client.trySend(bytes)
            if attack.shutsDown { client.shutdownWrite() }
            switch attack.end {
            case .closed:
                let hasEnded = client.ends(within: 5)
                #expect(hasEnded, "\(attack.name) on \(good.type): the connection goes on")
            case .stays:
                // PAIR has refused it: it has a peer already.
                if good.type == "PAIR" { break }
                #expect(wasSent, "\(attack.name) on \(good.type): the connection ended")
                expectMemory(try good.peer.stats(), backTo: good.start, slack: 16 << 10)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: types)
        func `greetings and READYs of random bytes`(_ type: String) async throws {
            try await blocking {
                let good = try Good(serving: type)
                let before = try good.peer.stats()
                var random = SeededGenerator(seed: 4711)
                let hello = Wire.greeting() + Wire.ready(Wire.partner(of: type))
                for _ in 0..<(isFull ? 2000 : scaled(150)) {
                    let client = try RawSocket.connect(good.port)
                    var bytes = hello
                    // Change a few bytes, and cut somewhere.
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                            UInt8.random(in: 0...255, using: &random)
                    }
                    bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &random))
                    _ = client.trySend(bytes)
                    client.close()
                }
                try good.exchange(during: "random handshakes")
                let after = try good.peer.stats { $0.descriptors <= before.descriptors }
                #expect(after.descriptors == before.descriptors)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["PULL", "ROUTER", "PUB"])
        func `traffic of random bytes`(_ type: String) async throws {
            try await blocking {
                let good = try Good(serving: type)
                let before = try good.peer.stats()
                var random = SeededGenerator(seed: 815)
                for _ in 0..<(isFull ? 2000 : scaled(150)) {
                    let client = try RawSocket.connect(good.port)
                    try client.handshake(as: Wire.partner(of: type))
                    let count = Int.random(in: 1...3000, using: &random)
                    var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    // Flags that are valid let the decoder come further.
                    bytes[0] &= 7
                    _ = client.trySend(bytes)
                    client.close()
                }
                try good.exchange(during: "random traffic")
                let after = try good.peer.stats { $0.descriptors <= before.descriptors }
                #expect(after.descriptors == before.descriptors)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `200 connections that never speak`() async throws {
            try await blocking {
                let good = try Good(serving: "PULL", "handshake=2000")
                let before = try good.peer.stats()
                let silent = try (0..<200).map { _ in
                    let client = try RawSocket.connect(good.port)
                    // Its greeting says that it has been accepted.
                    _ = try client.exactly(64)
                    return client
                }
                let during = try good.peer.stats { $0.descriptors >= before.descriptors + 200 }
                #expect(during.descriptors == before.descriptors + 200)
                expectMemory(during, backTo: before, slack: 200 * 16)
                try good.exchange(during: "silence")
                for client in silent {
                    let hasEnded = client.ends(within: 5)
                    #expect(hasEnded, "a silent connection goes on")
                }
                let after = try good.peer.stats { $0.descriptors <= before.descriptors }
                #expect(after.descriptors == before.descriptors)
                try good.exchange(during: "after silence")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a peer that speaks a byte at a time is served`() async throws {
            try await blocking {
                let good = try Good(serving: "PULL")
                let client = try RawSocket.connect(good.port)
                let bytes = Wire.greeting() + Wire.ready("PUSH") + Wire.message([[1], [], [2, 3]])
                for byte in bytes {
                    try client.send([byte])
                    usleep(10_000)
                    if byte == 3 { try good.exchange(during: "slow bytes") }
                }
                let count = good.exchanged
                let stats = try good.peer.stats { $0.messages > count }
                #expect(stats.messages == count + 1)
            }
        }

        /// A peer that announces more than there is memory for ends itself, not the process.
        @Test(.timeLimit(.minutes(1)), .disabled(if: isSanitized))
        func `a frame that no memory holds`() async throws {
            try await blocking {
                let good = try Good(serving: "PULL")
                // Less than what is reserved for a frame of a gigabyte before it has come.
                try good.peer.tell("limit \(3 << 20)")
                try good.peer.expect("limited")
                for _ in 0..<3 {
                    let client = try RawSocket.connect(good.port)
                    try client.handshake(as: "PUSH")
                    _ = client.trySend([2] + Wire.bigEndian(1 << 30, bytes: 8) + [1, 2, 3])
                    let hasEnded = client.ends(within: 5)
                    #expect(hasEnded, "the connection goes on")
                    try good.exchange(during: "a frame that no memory holds")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a slow handshake that never ends is given up`() async throws {
            try await blocking {
                let good = try Good(serving: "PULL", "handshake=500")
                let client = try RawSocket.connect(good.port)
                let began = now()
                var hasEnded = false
                for byte in Wire.greeting() + [UInt8](repeating: 0, count: 500) {
                    guard client.trySend([byte]) else {
                        hasEnded = true
                        break
                    }
                    usleep(10_000)
                }
                #expect(hasEnded)
                #expect(now() - began < 3)
                try good.exchange(during: "slow handshake")
            }
        }

        /// What nobody reads must not pile up: answers to PINGs of a peer that does not read.
        @Test(.timeLimit(.minutes(1)), arguments: ["PULL", "PUB"])
        func `PINGs without end, their answers unread`(_ type: String) async throws {
            try await blocking {
                let good = try Good(serving: type)
                let client = try RawSocket.connect(good.port, receiveBuffer: 4096)
                try client.handshake(as: Wire.partner(of: type))
                client.setTimeout(seconds: 2)
                let ping = Wire.command("PING", [0, 0] + [UInt8](repeating: 1, count: 16))
                let many = (0..<10_000).flatMap { _ in ping }
                // 10 MB of them, or as many as are taken.
                for _ in 0..<scaled(40) where !client.trySend(many) { break }
                usleep(300_000)
                expectMemory(try good.peer.stats(), backTo: good.start, slack: 3 << 10)
                try good.exchange(during: "PINGs")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `thousands of subscriptions of one peer go with it`() async throws {
            try await blocking {
                let good = try Good(serving: "PUB")
                var before = good.start
                // The first round shows what a process keeps for the next.
                for round in 0..<2 {
                    let client = try RawSocket.connect(good.port)
                    try client.handshake(as: "SUB")
                    var subscriptions: [UInt8] = []
                    for number in 0..<UInt64(isFull ? 100_000 : 20_000) {
                        // "SUBSCRIBE" and eight bytes, written out for speed.
                        subscriptions += [4, 18, 9, 83, 85, 66, 83, 67, 82, 73, 66, 69]
                        subscriptions += withUnsafeBytes(of: number) { Array($0) }
                    }
                    try client.send(subscriptions)
                    // All are in force when the answer to what follows them is there.
                    try client.send(Wire.command("PING", [0, 0]))
                    while try client.frame().flags & 4 == 0 {}
                    try good.exchange(during: "subscriptions")
                    client.close()
                    try good.exchange(during: "the end of subscriptions")
                    let limit = before.rss + (round == 0 ? 16 << 10 : 2 << 10)
                    let after = try good.peer.stats(within: 5) { $0.rss <= limit }
                    expectMemory(after, backTo: before, slack: round == 0 ? 16 << 10 : 2 << 10)
                    before = after
                }
            }
        }
    }
}
