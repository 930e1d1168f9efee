import MCFacade
import MCTestSupport
import Testing

extension FacadeTests {
    /// SCATTER, GATHER, CHANNEL, CLIENT, SERVER and PEER: messages of one frame.
    @Suite struct SingleFrames {
        // MARK: SCATTER and GATHER

        @Test(arguments: Way.allCases)
        func scatterTakesTurns(way: Way) throws {
            try withContext { context in
                let scatter = try ScatterSocket(context: context, options: .test)
                let endpoint = try scatter.bind(way.fresh)
                let gathers = try (0..<2).map { _ in
                    let gather = try GatherSocket(context: context, options: .test)
                    try gather.connect(endpoint)
                    return gather
                }
                // Until both are there.
                try #require(
                    try eventually {
                        try scatter.send("hello")
                        return try gathers.allSatisfy { try $0.countUntilQuiet(20) > 0 }
                    })
                for number in 0..<10 { try scatter.send("\(number)") }
                let first = try (0..<5).map { _ in try gathers[0].text() }
                let second = try (0..<5).map { _ in try gathers[1].text() }
                #expect(Set(first + second) == Set((0..<10).map { "\($0)" }))
                #expect(Set(first.map { (Int($0) ?? 0) % 2 }).count == 1, "every other one")
            }
        }

        @Test func severalFramesAreRefused() throws {
            try withContext { context in
                let scatter = try ScatterSocket(context: context, options: .test)
                let gather = try GatherSocket(context: context, options: .test)
                try gather.connect(try scatter.bind(Way.inproc.fresh))
                let channel = try ChannelSocket(context: context, options: .test)
                let client = try ClientSocket(context: context, options: .test)
                let server = try ServerSocket(context: context, options: .test)
                try client.connect(try server.bind(Way.inproc.fresh))
                let parts = [bytes("a"), bytes("b")]
                #expect(code { try scatter.send(parts: parts) } == .invalidMessage)
                #expect(code { try channel.send(parts: parts) } == .invalidMessage)
                #expect(code { try client.send(parts: parts) } == .invalidMessage)
                try client.send("x")
                let sender = try server.receive().routingID
                let refused = code { try server.send(Message(parts: parts), to: sender) }
                #expect(refused == .invalidMessage)
                let empty = code { try server.send(Message(), to: sender) }
                #expect(empty == .invalidMessage)
                // Nothing of them has arrived.
                try scatter.send("whole")
                #expect(try gather.text() == "whole")
                try server.send("whole", to: sender)
                #expect(try client.text() == "whole")
            }
        }

        @Test func severalFramesAreRefusedInTasks() async throws {
            try await withContext { context in
                let client = try ClientSocket(context: context, options: .test)
                let server = try ServerSocket(context: context, options: .test)
                try client.connect(try server.bind(Way.inproc.fresh))
                let parts = [bytes("a"), bytes("b")]
                let refused = await asyncCode { try await client.send(parts: parts) }
                #expect(refused == .invalidMessage)
                do throws(SocketError) {
                    try await server.send(Message(parts: parts), to: 1)
                    Issue.record("two frames were sent")
                } catch {
                    #expect(error.code == .invalidMessage)
                }
            }
        }

        /// Peers that know no better send several frames, too: those are dropped.
        @Test(arguments: Way.streams)
        func severalFramesAreDropped(way: Way) throws {
            try withContext { context in
                for (ours, theirs) in [("GATHER", "SCATTER"), ("CLIENT", "SERVER")] {
                    let socket: any ReceivingSocket =
                        ours == "GATHER"
                        ? try GatherSocket(context: context, options: .test)
                        : try ClientSocket(context: context, options: .test)
                    let raw = try RawPeer.connect(to: try socket.bind(way.fresh))
                    try raw.shakeHands(as: theirs)
                    try raw.send(parts: [bytes("a"), bytes("b")])
                    try raw.send(parts: [bytes("whole")])
                    #expect(try socket.text() == "whole")
                }
            }
        }

        // MARK: CHANNEL

        @Test(arguments: Way.allCases)
        func channelTalksBothWays(way: Way) throws {
            try withContext { context in
                let one = try ChannelSocket(context: context, options: .test)
                let other = try ChannelSocket(context: context, options: .test)
                try other.connect(try one.bind(way.fresh))
                try other.send("hello")
                #expect(try one.text() == "hello")
                try one.send("world")
                #expect(try other.text() == "world")
            }
        }

        // MARK: CLIENT and SERVER

        @Test(arguments: Way.allCases)
        func serverAnswersWhoAsked(way: Way) throws {
            try withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                let endpoint = try server.bind(way.fresh)
                let clients = try (0..<3).map { _ in
                    let client = try ClientSocket(context: context, options: .test)
                    try client.connect(endpoint)
                    return client
                }
                for (number, client) in clients.enumerated() { try client.send("\(number)") }
                var senders: Set<UInt32> = []
                for _ in clients {
                    let request = try server.receive()
                    #expect(request.routingID != 0)
                    senders.insert(request.routingID)
                    let text = request.string() ?? "?"
                    try server.send("to \(text)", to: request.routingID)
                }
                #expect(senders.count == clients.count)
                for (number, client) in clients.enumerated() {
                    let reply = try client.receive()
                    let (text, routingID) = (reply.string(), reply.routingID)
                    #expect(text == "to \(number)")
                    #expect(routingID == 0, "a server's number for us is nothing to us")
                }
            }
        }

        @Test func nobodyOfThatNumber() throws {
            try withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                #expect(code { try server.send("x", to: 1) } == .hostUnreachable)
                let client = try ClientSocket(context: context, options: .test)
                try client.connect(try server.bind(Way.tcp.fresh))
                try client.send("x")
                let request = try server.receive()
                let sender = request.routingID
                client.close()
                #expect(
                    eventually { code { try server.send("x", to: sender) } == .hostUnreachable })
            }
        }

        /// A peer without room makes the send to it wait, and no other.
        @Test func aFullClient() throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                    $0.sendTimeoutMilliseconds = 50
                }
                let server = try ServerSocket(context: context, options: options)
                let endpoint = try server.bind(Way.inproc.fresh)
                let full = try ClientSocket(context: context, options: options)
                let free = try ClientSocket(context: context, options: options)
                try full.connect(endpoint)
                try full.send("full")
                let slow = try server.receive()
                try free.connect(endpoint)
                try free.send("free")
                let quick = try server.receive()
                for _ in 0..<2 { try server.send("x", to: slow.routingID) }
                let number = slow.routingID
                #expect(code { try server.send("x", to: number) } == .timedOut)
                #expect(code { try server.send("x", to: number, .dontWait) } == .wouldBlock)
                try server.send("y", to: quick.routingID)
                #expect(try free.text() == "y")
                // Room again.
                _ = try full.receive()
                _ = try full.receive()
                try server.send("z", to: number)
                #expect(try full.text() == "z")
            }
        }

        @Test(arguments: Way.allCases)
        func tasks(way: Way) async throws {
            try await withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                let client = try ClientSocket(context: context, options: .test)
                try client.connect(try server.bind(way.fresh))
                for number in 0..<100 {
                    try await client.send("\(number)")
                    let request = try await server.receive()
                    let sender = request.routingID
                    let text = request.string() ?? "?"
                    try await server.send(text, to: sender)
                    let reply = try await client.asyncText()
                    #expect(reply == "\(number)")
                }
            }
        }

        /// Many threads, one client and one server: all of their own messages come back to the client.
        @Test(arguments: Way.allCases)
        func threads(way: Way) throws {
            try withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                let client = try ClientSocket(context: context, options: .test)
                try client.connect(try server.bind(way.fresh))
                let count = 2000
                let senders = (0..<2).map { _ in
                    Worker { for number in 0..<count { try client.send("\(number)") } }
                }
                let servers = (0..<2).map { _ in
                    Worker {
                        for _ in 0..<count {
                            let request = try server.receive()
                            try server.send(request, to: request.routingID)
                        }
                    }
                }
                let receivers = (0..<2).map { _ in
                    Worker {
                        try (0..<count).reduce(0) { sum, _ in
                            sum + (Int(try client.text()) ?? 0)
                        }
                    }
                }
                for worker in senders + servers { try worker.join() }
                let sum = try receivers.reduce(0) { try $0 + $1.join() }
                #expect(sum == count * (count - 1))
            }
        }

        // MARK: PEER

        @Test(arguments: Way.allCases)
        func peersSpeakFirst(way: Way) throws {
            try withContext { context in
                let bound = try PeerSocket(context: context, options: .test)
                let endpoint = try bound.bind(way.fresh)
                let connected = try PeerSocket(context: context, options: .test)
                let number = try connected.connectPeer(endpoint)
                #expect(number != 0)
                // At once: it waits for the connection.
                try connected.send("hello", to: number)
                let hello = try bound.receive()
                let sender = hello.routingID
                try bound.send("world", to: sender)
                let reply = try connected.receive()
                let (text, from) = (reply.string(), reply.routingID)
                #expect(text == "world")
                #expect(from == number)
            }
        }

        /// A number is an endpoint's, over all of its connections.
        @Test func aNumberOutlivesAConnection() throws {
            try withContext { context in
                let endpoint = try Way.tcp.reserved()
                let connected = try PeerSocket(context: context, options: .test)
                let number = try connected.connectPeer(endpoint)
                for round in 0..<2 {
                    let bound = try PeerSocket(context: context, options: .test)
                    try bound.bind(endpoint)
                    try connected.send("\(round)", to: number)
                    let text = try bound.text()
                    #expect(text == "\(round)")
                    bound.close()
                    pause(50)
                }
            }
        }
    }
}
