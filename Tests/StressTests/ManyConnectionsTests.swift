import Glibc
import MCFacade
import MCTestSupport
import Testing

extension Stress {
    @Suite(.serialized) struct ManyConnections {
        static let connections = 1000

        @Test(.timeLimit(.minutes(1)))
        func `a PULL takes messages from 1,000 raw peers`() async throws {
            try await blocking {
                let peer = try Peer("serve", "PULL", "tcp://127.0.0.1:*")
                let port = try port(of: try peer.expect("bound"))
                let before = try peer.stats()
                var clients: [RawSocket] = []
                let overflows = try ManyConnections.backlogOverflows()
                // All at once: nobody waits for an answer, and nobody is put off.
                for _ in 0..<ManyConnections.connections {
                    let client = try RawSocket.connect(port)
                    try client.send(Wire.greeting() + Wire.ready("PUSH"))
                    clients.append(client)
                }
                #expect(try ManyConnections.backlogOverflows() == overflows)
                for _ in 0..<3 {
                    for client in clients { try client.send(Wire.frame([1, 2, 3])) }
                }
                let during = try peer.stats { $0.messages >= 3 * ManyConnections.connections }
                #expect(during.messages == 3 * ManyConnections.connections)
                #expect(during.descriptors == before.descriptors + ManyConnections.connections)
                #expect(during.threads == before.threads)
                for client in clients { client.close() }
                let after = try peer.stats { $0.descriptors <= before.descriptors }
                #expect(after.descriptors == before.descriptors)
                #expect(after.messages == 3 * ManyConnections.connections)
            }
        }

        /// Connections that found a listener's backlog full, in this network namespace since it is
        /// there: a line of names and one of numbers (proc(5), /proc/net/netstat).
        private static func backlogOverflows() throws -> Int {
            let lines = procText("/proc/net/netstat").split(separator: "\n")
                .filter { $0.hasPrefix("TcpExt:") }.map { $0.split(separator: " ") }
            guard lines.count == 2, let index = lines[0].firstIndex(of: "ListenOverflows"),
                let number = Int(lines[1][index])
            else { throw Failure("no ListenOverflows in /proc/net/netstat") }
            return number
        }

        @Test(.timeLimit(.minutes(1)))
        func `a PULL takes messages from 1,000 connections of ours`() async throws {
            try await blocking {
                let pull = try PullSocket(options: patient { $0.receiveHighWaterMark = 10 })
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                let context = Context()
                defer { context.close() }
                let pushes = try (0..<ManyConnections.connections / 10).map { _ in
                    let push = try PushSocket(context: context, options: patient())
                    for _ in 0..<10 { try push.connect(endpoint) }
                    return push
                }
                let rounds = 20
                for round in 0..<rounds {
                    for (index, push) in pushes.enumerated() {
                        for _ in 0..<10 { try push.send("\(round) \(index)") }
                    }
                }
                for _ in 0..<rounds * ManyConnections.connections { _ = try pull.receive() }
                let isMore = try pull.tryReceive() != nil
                #expect(!isMore)
                pull.close()
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a PUB reaches 1,000 subscribers`() async throws {
            try await blocking {
                let pub = try PubSocket(options: patient())
                let port = try port(of: try pub.bind("tcp://127.0.0.1:*"))
                var clients: [RawSocket] = []
                for index in 0..<ManyConnections.connections {
                    let client = try RawSocket.connect(port)
                    // Every topic has ten subscribers, half of them by the message form of 3.0.
                    let topic = Array("topic \(index % 100)/".utf8)
                    try client.handshake(as: "SUB")
                    try client.send(
                        index % 200 < 100
                            ? Wire.command("SUBSCRIBE", topic) : Wire.frame([1] + topic))
                    clients.append(client)
                }
                // A marker tells when a subscription is in force.
                for client in clients.indices {
                    let topic = "topic \(client % 100)/"
                    clients[client].setTimeout(seconds: 0.05)
                    let found = try eventually {
                        try pub.send(topic + "marker")
                        return (try? clients[client].message()) != nil
                    }
                    #expect(found)
                    clients[client].setTimeout(seconds: 20)
                }
                for round in 0..<5 {
                    for topic in 0..<100 { try pub.send("topic \(topic)/\(round)") }
                }
                for (index, client) in clients.enumerated() {
                    var next = 0
                    while next < 5 {
                        let text = String(decoding: try client.message()[0], as: UTF8.self)
                        if text.hasSuffix("marker") { continue }
                        #expect(text == "topic \(index % 100)/\(next)")
                        next += 1
                    }
                }
                pub.close()
            }
        }
    }
}
