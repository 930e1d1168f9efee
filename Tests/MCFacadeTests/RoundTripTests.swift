import MCFacade
import Testing

extension FacadeTests {
    /// Every pattern over every transport, either side bound.
    @Suite struct RoundTrips {
        /// Binds one socket and connects the other to it, in either role.
        private func join(_ a: Socket, _ b: Socket, _ way: Way, aBinds: Bool) throws {
            let (binder, connector) = aBinds ? (a, b) : (b, a)
            try connector.connect(try binder.bind(way.fresh))
        }

        static let sides = [true, false]

        @Test(arguments: Way.allCases, sides)
        func pushPull(way: Way, aBinds: Bool) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(context: context, options: .test)
                try join(push, pull, way, aBinds: aBinds)
                for index in 0..<100 { try push.send("message \(index)") }
                for index in 0..<100 { #expect(try pull.text() == "message \(index)") }
            }
        }

        @Test(arguments: Way.allCases, sides)
        func pairBothWays(way: Way, aBinds: Bool) throws {
            try withContext { context in
                let a = try PairSocket(context: context, options: .test)
                let b = try PairSocket(context: context, options: .test)
                try join(a, b, way, aBinds: aBinds)
                for index in 0..<50 {
                    try a.send("to b \(index)")
                    #expect(try b.text() == "to b \(index)")
                    try b.send("to a \(index)")
                    #expect(try a.text() == "to a \(index)")
                }
            }
        }

        @Test(arguments: Way.allCases, sides)
        func requestReply(way: Way, aBinds: Bool) throws {
            try withContext { context in
                let req = try ReqSocket(context: context, options: .test)
                let rep = try RepSocket(context: context, options: .test)
                try join(req, rep, way, aBinds: aBinds)
                for index in 0..<50 {
                    try req.send(parts: [bytes("ask"), bytes("\(index)")])
                    #expect(try rep.parts() == [bytes("ask"), bytes("\(index)")])
                    try rep.send("answer \(index)")
                    #expect(try req.text() == "answer \(index)")
                }
            }
        }

        @Test(arguments: Way.allCases, sides)
        func publishSubscribe(way: Way, aBinds: Bool) throws {
            try withContext { context in
                let pub = try PubSocket(context: context, options: .test)
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe("news.")
                try join(pub, sub, way, aBinds: aBinds)
                try untilSubscribed(pub, sub, topic: "news.hello")
                try pub.send("olds.1")
                try pub.send(parts: [bytes("news.1"), bytes("body")])
                #expect(try sub.parts() == [bytes("news.1"), bytes("body")])
            }
        }

        @Test(arguments: Way.allCases, sides)
        func dealerRouter(way: Way, aBinds: Bool) throws {
            try withContext { context in
                let dealer = try DealerSocket(
                    context: context, options: .test { $0.routingID = bytes("deal") })
                let router = try RouterSocket(context: context, options: .test)
                try join(dealer, router, way, aBinds: aBinds)
                try dealer.send(parts: [bytes("one"), [], bytes("three")])
                #expect(try router.parts() == [bytes("deal"), bytes("one"), [], bytes("three")])
                try router.send(parts: [bytes("deal"), bytes("back"), []])
                #expect(try dealer.parts() == [bytes("back"), []])
            }
        }

        @Test(arguments: Way.allCases)
        func dealerDealer(way: Way) throws {
            try withContext { context in
                let a = try DealerSocket(context: context, options: .test)
                let b = try DealerSocket(context: context, options: .test)
                try join(a, b, way, aBinds: true)
                try b.send("first")
                #expect(try a.text() == "first")
                try a.send("second")
                #expect(try b.text() == "second")
            }
        }

        @Test(arguments: Way.allCases)
        func routerRouter(way: Way) throws {
            try withContext { context in
                let a = try RouterSocket(
                    context: context, options: .test { $0.routingID = bytes("A") })
                let b = try RouterSocket(
                    context: context, options: .test { $0.routingID = bytes("B") })
                try join(a, b, way, aBinds: true)
                // A router drops what it cannot route: ask until the peer is known.
                let isKnown = try eventually {
                    try b.send(parts: [bytes("A"), bytes("hello")])
                    return try a.tryReceive() != nil
                }
                #expect(isKnown)
                try a.send(parts: [bytes("B"), bytes("reply")])
                #expect(try b.parts() == [bytes("A"), bytes("reply")])
            }
        }

        /// Sizes around every limit that the engine has.
        @Test(arguments: Way.allCases)
        func sizes(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(context: context, options: .test)
                try join(push, pull, way, aBinds: false)
                let sizes = [
                    0, 1, 55, 56, 57, 254, 255, 256, 257, 4000, 8191, 8192, 8193, 65_535, 65_536,
                    65_537, 262_143, 262_144, 262_145, 5 << 20,
                ]
                let sender = Worker {
                    for size in sizes {
                        try push.send(
                            [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size))
                        try push.send(
                            parts: sizes.filter { $0 <= size && $0 < 70_000 }.map {
                                [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0)
                            } + [bytes("end")])
                    }
                }
                for size in sizes {
                    let single = try pull.receive()
                    #expect(single.count == 1)
                    #expect(
                        single.bytes()
                            == [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size))
                    let parts = try pull.parts()
                    let expected = sizes.filter { $0 <= size && $0 < 70_000 }
                    #expect(parts.map(\.count) == expected + [3])
                    for (part, size) in zip(parts, expected) {
                        #expect(part.allSatisfy { $0 == UInt8(truncatingIfNeeded: size) })
                    }
                }
                try sender.join()
            }
        }

        @Test(arguments: Way.allCases)
        func manyFrames(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(context: context, options: .test)
                try join(push, pull, way, aBinds: true)
                let parts = (0..<5000).map { bytes("frame \($0)") }
                try push.send(parts: parts)
                try push.send("behind")
                #expect(try pull.parts() == parts)
                #expect(try pull.text() == "behind")
            }
        }
    }
}

/// Publishes until the subscription has reached the publisher, and takes what came of it.
func untilSubscribed(_ pub: PubSocket, _ sub: SubSocket, topic: String) throws {
    try untilSubscribed(pub, sub, topic: bytes(topic))
}

func untilSubscribed(_ pub: PubSocket, _ sub: SubSocket, topic: [UInt8]) throws {
    // Nobody else's, and no earlier one: other publishers may send to the subscriber, too.
    let probe = topic + bytes(" \(uniqueName())")
    let isThere = try eventually {
        try pub.send(probe)
        while let message = try sub.tryReceive() {
            if message.bytes() == probe { return true }
        }
        return false
    }
    #expect(isThere, "the subscription does not reach the publisher")
    let last = probe + bytes("~")
    try pub.send(last)
    while try sub.receive().bytes() != last {}
}
