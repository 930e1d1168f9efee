import Glibc
import MCTestSupport
import Testing

extension Stress {
    /// What comes and goes must leave nothing behind: descriptors, threads and memory of a served
    /// process before and after.
    @Suite(.serialized) struct Cycles {
        @Test(.timeLimit(.minutes(2)))
        func `10,000 connections come and go at one listener`() async throws {
            try await blocking {
                let peer = try Peer("serve", "PULL", "tcp://127.0.0.1:*")
                let port = try port(of: try peer.expect("bound"))
                let start = try peer.stats()
                // What a process needs once, it has after the first thousand.
                var messages = try Cycles.connect(scaled(1000), to: port)
                let before = try peer.settledStats(descriptors: start.descriptors)
                messages += try Cycles.connect(scaled(10_000), to: port)
                let after = try peer.settledStats(descriptors: start.descriptors)
                #expect(after.descriptors == start.descriptors)
                #expect(after.threads == start.threads)
                expectMemory(after, backTo: before)
                #expect(after.messages == messages)
                #expect(after.bad == 0)
                try Cycles.expectToWork(peer, port, after: messages)
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: ["PUB", "ROUTER", "PAIR"])
        func `connections come and go at sockets that send`(_ type: String) async throws {
            try await blocking {
                let peer = try Peer("serve", type, "tcp://127.0.0.1:*")
                let port = try port(of: try peer.expect("bound"))
                let start = try peer.stats()
                _ = try Cycles.connect(scaled(500), to: port, as: Wire.partner(of: type))
                let before = try peer.stats { $0.descriptors <= start.descriptors }
                _ = try Cycles.connect(scaled(2000), to: port, as: Wire.partner(of: type))
                let after = try peer.stats { $0.descriptors <= start.descriptors }
                #expect(after.descriptors == start.descriptors)
                #expect(after.threads == start.threads)
                expectMemory(after, backTo: before)
            }
        }

        @Test(
            .timeLimit(.minutes(2)),
            arguments: ["PUSH", "PULL", "PUB", "SUB", "REQ", "REP", "PAIR", "DEALER", "ROUTER"])
        func `10,000 sockets are made and closed`(_ type: String) async throws {
            try await blocking {
                let peer = try Peer("serve", "PULL", "tcp://127.0.0.1:*")
                try peer.expect("bound")
                let count = scaled(10_000)
                let start = try peer.stats()
                try peer.tell("cycle \(scaled(500)) \(type)")
                try peer.expect("cycled", within: 60)
                let before = try peer.settledStats(descriptors: start.descriptors)
                try peer.tell("cycle \(count) \(type)")
                try peer.expect("cycled", within: 60)
                let after = try peer.settledStats(descriptors: start.descriptors)
                #expect(after.descriptors == start.descriptors)
                #expect(after.threads == start.threads)
                expectMemory(after, backTo: before)
            }
        }

        /// Connects and disconnects in every way that a peer may.
        ///
        /// - Returns: how many messages were sent whole.
        private static func connect(
            _ count: Int, to port: UInt16, as type: String = "PUSH"
        ) throws -> Int {
            var messages = 0
            for index in 0..<count {
                let client = try RawSocket.connect(port)
                switch index % 8 {
                case 0:
                    try client.handshake(as: type)
                    if type == "PUSH" {
                        try client.send(Wire.frame([1, 2, 3]))
                        messages += 1
                    }
                case 1:
                    try client.handshake(as: type)
                    client.reset()
                case 2: break
                case 3: try client.send(Array(Wire.greeting().prefix(20)))
                case 4:
                    try client.send(Wire.greeting())
                    _ = try client.exactly(64)
                    client.reset()
                case 5:
                    // Everything at once, and gone before the answer.
                    try client.send(Wire.greeting() + Wire.ready(type))
                    client.reset()
                case 6:
                    try client.handshake(as: type)
                    try client.send(Array(Wire.message([[1], [2], [3]]).prefix(7)))
                default:
                    try client.handshake(as: type)
                    try client.send(Wire.header(1 << 20) + [UInt8](repeating: 7, count: 10_000))
                    if index % 16 == 7 { client.reset() }
                }
                client.close()
            }
            return messages
        }

        /// One more connection is served as the first was.
        private static func expectToWork(
            _ peer: Peer, _ port: UInt16, after messages: Int
        ) throws {
            let client = try RawSocket.connect(port)
            try client.handshake(as: "PUSH")
            try client.send(Wire.frame([1]))
            let stats = try peer.stats { $0.messages > messages }
            #expect(stats.messages == messages + 1)
        }
    }
}
