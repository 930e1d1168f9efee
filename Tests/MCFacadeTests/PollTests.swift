import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// Foreign event loops: one descriptor to watch, and what the socket can do.
    @Suite struct Polling {
        @Test(arguments: Way.allCases)
        func readableWhileAMessageWaits(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let descriptor = try pull.pollDescriptor()
                #expect(try pull.pollDescriptor() == descriptor)
                try push.send("1")
                try push.send("2")
                let isThere = try eventually { try pull.events().contains(.canReceive) }
                #expect(isThere)
                // As long as one waits, however often one asks.
                for _ in 0..<3 {
                    #expect(isReady(descriptor, Int16(POLLIN), within: 0))
                    #expect(try pull.events() == .canReceive)
                }
                #expect(try pull.text() == "1")
                #expect(isReady(descriptor, Int16(POLLIN), within: 1000))
                #expect(try pull.text() == "2")
                #expect(try pull.events() == [])
                #expect(!isReady(descriptor, Int16(POLLIN), within: 50))
                try push.send("3")
                #expect(isReady(descriptor, Int16(POLLIN), within: 5000))
                #expect(try pull.text() == "3")
            }
        }

        /// Asked without the descriptor.
        @Test(arguments: Way.allCases)
        func events(way: Way) throws {
            try withContext { context in
                let a = try PairSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 2 })
                let b = try PairSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 2 })
                #expect(try a.events() == [])
                let endpoint = try a.bind(way.fresh)
                #expect(try a.events() == [])
                try b.connect(endpoint)
                #expect(try b.events() == .canSend)
                #expect(try eventually { try a.events() == .canSend })
                try b.send("x")
                #expect(try eventually { try a.events() == [.canReceive, .canSend] })
                #expect(try a.text() == "x")
                #expect(try a.events() == .canSend)
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 2 })
                try push.connect(try Way.tcp.reserved())
                #expect(try push.events() == .canSend)
                try push.send("1")
                try push.send("2")
                #expect(try push.events() == [])
                let req = try ReqSocket(context: context, options: .test)
                let rep = try RepSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                #expect(try rep.events() == [])
                #expect(try req.events() == .canSend)
                try req.send("?")
                #expect(try req.events() == [])
                #expect(try eventually { try rep.events() == .canReceive })
                _ = try rep.text()
                #expect(try rep.events() == .canSend)
            }
        }

        /// The descriptor also tells of room to send, and of the end.
        @Test func tellsOfRoom() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let descriptor = try push.pollDescriptor()
                #expect(try push.events() == [])
                #expect(!isReady(descriptor, Int16(POLLIN), within: 50))
                let pull = try PullSocket(context: context, options: .test)
                try pull.connect(try push.bind("tcp://127.0.0.1:*"))
                #expect(isReady(descriptor, Int16(POLLIN), within: 5000))
                #expect(try push.events() == .canSend)
                let waiting = try PullSocket(context: context, options: .test)
                let end = try waiting.pollDescriptor()
                #expect(try waiting.events() == [])
                let loop = Worker { isReady(end, Int16(POLLIN), within: 5000) }
                pause(30)
                waiting.close()
                #expect(try loop.join())
            }
        }

        /// A loop that waits with poll(2) and takes all that is there misses nothing.
        @Test(arguments: Way.allCases)
        func noMissedWakeUps(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let total = 20_000
                let sender = Worker {
                    for index in 0..<total {
                        try push.send("\(index)")
                        // Bursts of all lengths, and pauses of all lengths.
                        if index % 97 == 0 { usleep(UInt32(index % 400)) }
                    }
                }
                let descriptor = try pull.pollDescriptor()
                var got = 0
                var misses = 0
                while got < total {
                    guard isReady(descriptor, Int16(POLLIN), within: 3000) else {
                        misses += 1
                        break
                    }
                    guard try pull.events().contains(.canReceive) else { continue }
                    while let message = try pull.tryReceive() {
                        #expect(message.string() == "\(got)")
                        got += 1
                        if got % 5 == 0 { break }
                    }
                }
                #expect(misses == 0, "after \(got) messages")
                try sender.join()
            }
        }

        /// Ping-pong of two loops: every single wake-up counts.
        @Test(arguments: Way.allCases)
        func pingPongOfLoops(way: Way) throws {
            try withContext { context in
                let a = try PairSocket(context: context, options: .test)
                let b = try PairSocket(context: context, options: .test)
                try b.connect(try a.bind(way.fresh))
                let rounds = 2000
                let echo = Worker {
                    let descriptor = try b.pollDescriptor()
                    for _ in 0..<rounds { try b.send(try Self.next(b, descriptor)) }
                }
                let descriptor = try a.pollDescriptor()
                for index in 0..<rounds {
                    try a.send("\(index)")
                    #expect(try Self.next(a, descriptor) == "\(index)")
                }
                try echo.join()
            }
        }

        @Sendable private static func next(
            _ socket: PairSocket, _ descriptor: Int32
        ) throws -> String {
            while true {
                if try socket.events().contains(.canReceive) {
                    return try #require(try socket.tryReceive()?.string())
                }
                try #require(isReady(descriptor, Int16(POLLIN), within: 5000), "missed wake-up")
            }
        }
    }
}
