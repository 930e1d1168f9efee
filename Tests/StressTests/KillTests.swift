import Glibc
import MCFacade
import MCTestSupport
import Testing

extension Stress {
    /// Peers that die in the middle of a message.
    @Suite(.serialized) struct Kill {
        @Test(.timeLimit(.minutes(1)), arguments: [16, 300, 20_000, 200_000])
        func `half a multipart message is never delivered`(_ bytes: Int) async throws {
            try await blocking {
                let pull = try PullSocket(options: patient())
                let port = try port(of: try pull.bind("tcp://127.0.0.1:*"))
                let good = try RawSocket.connect(port)
                try good.handshake(as: "PUSH")
                let frames = (0..<4).map { Kill.frame($0, bytes) }
                let whole = Wire.message(frames)
                let hello = Wire.greeting() + Wire.ready("PUSH")
                // Cut at every border of a frame, in headers and in bodies.
                let header = bytes < 256 ? 2 : 9
                var cuts = (0...3).flatMap { frame in
                    [-1, 0, 1, header - 1, header, header + 1].map {
                        frame * (bytes + header) + $0
                    }
                }
                cuts.append(whole.count - 1)
                for cut in cuts where cut > 0 {
                    let peer = try Peer("raw", "\(port)")
                    let sent = hello + whole + whole.prefix(cut)
                    try peer.pass(sent)
                    while try peer.expect("sent") != "\(sent.count)" {}
                    let first = try pull.receive().parts
                    #expect(first == frames)
                    peer.killAndWait()
                    try good.send(Wire.frame([42]))
                    let next = try pull.receive().parts
                    #expect(next == [[42]])
                    let isMore = try pull.tryReceive() != nil
                    #expect(!isMore, "cut at \(cut)")
                }
                pull.close()
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: [(64, 1), (64, 5), (30_000, 3), (300_000, 2)])
        func `senders killed at any time leave whole messages`(
            _ bytes: Int, _ frames: Int
        ) async throws {
            try await blocking {
                let served = try Peer("serve", "PULL", "tcp://127.0.0.1:*")
                let endpoint = try served.expect("bound")
                let port = try port(of: endpoint)
                let good = try RawSocket.connect(port)
                try good.handshake(as: "PUSH")
                let start = try served.stats()
                var random = SeededGenerator(seed: UInt64(bytes * frames))
                for _ in 0..<(isFull ? 100 : scaled(15)) {
                    let before = try served.stats().messages
                    let peers = try (0..<2).map { _ in
                        try Peer("flood", endpoint, "bytes=\(bytes)", "frames=\(frames)")
                    }
                    for peer in peers { try peer.expect("ready") }
                    try served.stats { $0.messages > before }
                    for peer in peers {
                        usleep(UInt32(random.next() % 10_000))
                        peer.killAndWait()
                    }
                }
                let after = try served.settledStats(descriptors: start.descriptors)
                #expect(after.bad == 0)
                #expect(after.descriptors == start.descriptors)
                #expect(after.threads == start.threads)
                // Others are unharmed, and nobody sleeps through a message.
                for number in 1...100 {
                    try good.send(Wire.frame([1]))
                    let stats = try served.stats { $0.messages >= after.messages + number }
                    try #require(stats.messages == after.messages + number)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a requester finds its server again after it was killed`() async throws {
            try await blocking {
                let path = temporaryPath()
                let dealer = try DealerSocket(options: patient())
                try dealer.connect("ipc://\(path)")
                for _ in 0..<10 {
                    let server = try Peer("serve", "ROUTER", "ipc://\(path)")
                    try server.expect("bound")
                    for number in 0..<100 {
                        try dealer.send(parts: [[UInt8(number)], [1, 2, 3]])
                        let answer = try dealer.receive().parts
                        #expect(answer == [[UInt8(number)], [1, 2, 3]])
                    }
                    server.killAndWait()
                }
                unlink(path)
                dealer.close()
            }
        }

        private static func frame(_ index: Int, _ bytes: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(index + 1), count: bytes)
        }
    }
}
