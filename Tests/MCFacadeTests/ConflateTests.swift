import MCFacade
import Testing

extension FacadeTests {
    /// Sockets that keep the last message only (ZMQ_CONFLATE).
    @Suite struct Conflating {
        private static var options: SocketOptions {
            var options = SocketOptions()
            options.conflates = true
            options.receiveTimeoutMilliseconds = 10_000
            options.sendTimeoutMilliseconds = 10_000
            options.sendHighWaterMark = 2
            options.receiveHighWaterMark = 2
            return options
        }

        /// However many are sent, the one that is received in the end is the last, and each that is
        /// received is newer than the one before.
        @Test(arguments: Way.allCases)
        func theLastIsReceived(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: Self.options)
                let push = try PushSocket(context: context, options: Self.options)
                try push.connect(try pull.bind(way.fresh))
                let last = 20_000
                for number in 0...last { try push.send("\(number)") }
                var seen = -1
                var count = 0
                while seen < last {
                    let message = try pull.receive()
                    let number = Int(message.string() ?? "") ?? -1
                    try #require(number > seen)
                    seen = number
                    count += 1
                }
                let isOver = try pull.tryReceive() == nil
                #expect(isOver)
                #expect(count < last, "nothing was left out")
            }
        }

        /// A subscriber that comes late to its own queue finds what was published last.
        @Test(arguments: Way.allCases)
        func aSubscriber(way: Way) throws {
            try withContext { context in
                let sub = try SubSocket(context: context, options: Self.options)
                let pub = try PubSocket(context: context, options: Self.options)
                try sub.subscribe("")
                try sub.connect(try pub.bind(way.fresh))
                // Until the subscription has arrived nothing is sent.
                while try sub.tryReceive() == nil { try pub.send("first") }
                for number in 0..<1000 { try pub.send("\(number)") }
                var seen = ""
                while seen != "999" {
                    let message = try sub.receive()
                    seen = message.string() ?? ""
                }
            }
        }

        /// A request and its reply are not each other's newer version.
        @Test func othersIgnoreIt() throws {
            try withContext { context in
                let reply = try RepSocket(context: context, options: Self.options)
                let request = try ReqSocket(context: context, options: Self.options)
                try request.connect(try reply.bind("tcp://127.0.0.1:*"))
                for _ in 0..<3 {
                    try request.send(parts: [[1], [2]])
                    let asked = try reply.receive().parts
                    #expect(asked == [[1], [2]])
                    try reply.send("yes")
                    let answer = try request.receive().string()
                    #expect(answer == "yes")
                }
            }
        }
    }
}
