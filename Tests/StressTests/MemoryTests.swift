import Glibc
import MCTestSupport
import Testing

extension Stress {
    @Suite(.serialized, .enabled(if: !isSanitized, "a sanitizer has a memory of its own"))
    struct Memory {
        @Test(.timeLimit(.minutes(1)), arguments: ["tcp", "ipc"])
        func `an idle connection costs at most 16 KiB on either side`(
            _ transport: String
        ) async throws {
            try await blocking {
                let count = 1000
                let path = temporaryPath()
                let server = try Peer(
                    "serve", "PULL", transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(path)")
                let endpoint = try server.expect("bound")
                let client = try Peer("connections", endpoint, "count=\(count)")
                try client.expect("ready")
                let serverBefore = try server.stats { $0.messages == 1 }
                let clientBefore = try client.stats()
                try client.tell("connect")
                try client.expect("connected")
                // A message has come over each: all are there.
                let serverAfter = try server.stats { $0.messages == 2 + count }
                let clientAfter = try client.stats()
                #expect(serverAfter.descriptors == serverBefore.descriptors + count)
                #expect(clientAfter.descriptors == clientBefore.descriptors + count)
                let onServer = serverAfter.rss - serverBefore.rss
                let onClient = clientAfter.rss - clientBefore.rss
                #expect(onServer <= 16 * count, "\(onServer) KiB for \(count) connections")
                #expect(onClient <= 16 * count, "\(onClient) KiB for \(count) connections")
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: ["tcp", "ipc"])
        func `a tensor of 1 GiB is copied at most once on each side`(
            _ transport: String
        ) async throws {
            try await blocking {
                let size = 1 << 20
                let receiver = try Peer(
                    "receive-tensor",
                    transport == "tcp" ? "tcp://127.0.0.1:*" : "ipc://\(temporaryPath())")
                let endpoint = try receiver.expect("bound")
                let sender = try Peer("send-tensor", endpoint)
                let before = Stats(try sender.expect("before", within: 30))
                let received = try receiver.expect("received", within: 60)
                let after = Stats(try sender.expect("after", within: 30))
                #expect(received.hasPrefix("right=true "))
                // The sender holds the tensor itself and copies nothing.
                #expect(after.peak < before.peak + size / 20, "\(before) -> \(after)")
                let peak = Stats(received).peak
                #expect(peak < size * 13 / 10, "\(received)")
                let status = sender.wait()
                #expect(status == 0)
            }
        }
    }
}
