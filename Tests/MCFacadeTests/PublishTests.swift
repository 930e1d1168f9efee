import MCCodec
import MCFacade
import Testing

extension FacadeTests {
    /// RFC 29: prefixes, counted, filtered where the messages come from.
    @Suite struct Publishing {
        @Test(arguments: Way.allCases)
        func prefixes(way: Way) throws {
            try withContext { context in
                let pub = try PubSocket(context: context, options: .test)
                let endpoint = try pub.bind(way.fresh)
                let sub = try SubSocket(context: context, options: .test)
                try sub.connect(endpoint)
                for prefix in ["a", "ab", "xyz"] { try sub.subscribe(prefix) }
                try sub.subscribe([0, 255])
                for topic in [bytes("a"), bytes("xyz"), [0, 255]] {
                    try untilSubscribed(pub, sub, topic: topic)
                }
                let topics: [[UInt8]] = [
                    bytes("a"), bytes("abc"), bytes("b"), [], bytes("xy"), bytes("xyz!"),
                    [0, 255, 1],
                    [0, 254], [0],
                ]
                for topic in topics { try pub.send(topic) }
                try pub.send("a-end")
                var got: [[UInt8]] = []
                while got.last != bytes("a-end") { got.append(try sub.receive().bytes()) }
                // Once each, also what several prefixes match.
                #expect(
                    got == [
                        bytes("a"), bytes("abc"), bytes("xyz!"), [0, 255, 1], bytes("a-end"),
                    ])
            }
        }

        @Test(arguments: Way.allCases)
        func nothingWithoutASubscription(way: Way) throws {
            try withContext { context in
                let pub = try PubSocket(context: context, options: .test)
                let endpoint = try pub.bind(way.fresh)
                let silent = try SubSocket(context: context, options: .test)
                let all = try SubSocket(context: context, options: .test)
                for sub in [silent, all] { try sub.connect(endpoint) }
                try all.subscribe()
                try untilSubscribed(pub, all, topic: "x")
                try pub.send("")
                try pub.send("y")
                #expect(try all.text() == "")
                #expect(try all.text() == "y")
                #expect(try silent.countUntilQuiet(100) == 0)
            }
        }

        /// Two subscriptions need two cancellations.
        @Test(arguments: Way.allCases)
        func subscriptionsAreCounted(way: Way) throws {
            try withContext { context in
                let pub = try PubSocket(context: context, options: .test)
                let sub = try SubSocket(context: context, options: .test)
                try sub.connect(try pub.bind(way.fresh))
                try sub.subscribe("t")
                try sub.subscribe("t")
                try sub.subscribe("sync")
                for topic in ["t", "sync"] { try untilSubscribed(pub, sub, topic: topic) }
                try sub.unsubscribe("t")
                try pub.send("t1")
                #expect(try sub.text() == "t1")
                try sub.unsubscribe("t")
                try pub.send("t2")
                try pub.send("sync")
                #expect(try sub.text() == "sync")
                #expect(code { try sub.unsubscribe("t") } == .invalidState)
                #expect(code { try sub.unsubscribe("never") } == .invalidState)
            }
        }

        /// The publisher sends nothing that was not asked for: seen by a peer that counts bytes.
        @Test(arguments: Way.streams, [ZMTPVersion.v3_1, ZMTPVersion.v3_0])
        func filteredAtThePublisher(way: Way, version: ZMTPVersion) throws {
            try withContext { context in
                let pub = try PubSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try pub.bind(way.fresh))
                try raw.shakeHands(as: "SUB", version: version)
                for _ in 0..<20 { try pub.send("news") }
                #expect(raw.isSilent(for: 100))
                try subscribe(raw, "news", add: true, version)
                let isSubscribed = try eventually {
                    try pub.send("news")
                    return !raw.isSilent(for: 5)
                }
                #expect(isSubscribed)
                try pub.send("other")
                try pub.send("news!")
                while true {
                    let message = try raw.message()
                    #expect(message != [bytes("other")])
                    if message == [bytes("news!")] { break }
                }
                try subscribe(raw, "news", add: false, version)
                let isCancelled = try eventually {
                    try pub.send("news")
                    guard !raw.isSilent(for: 30) else { return true }
                    _ = try raw.message()
                    return false
                }
                #expect(isCancelled)
                for _ in 0..<20 { try pub.send("news") }
                #expect(raw.isSilent(for: 50))
            }
        }

        private func subscribe(
            _ raw: RawPeer, _ prefix: String, add: Bool, _ version: ZMTPVersion
        ) throws {
            var frame: [UInt8] = []
            Subscription(isSubscribe: add, prefix: bytes(prefix)).encode(for: version, into: &frame)
            try raw.send(frame)
        }

        /// The subscriber asks in the form that its peer's version has, each time; and cancels once per
        /// prefix.
        @Test(arguments: [ZMTPVersion.v3_1, ZMTPVersion.v3_0])
        func theSubscriberTellsItsPeer(version: ZMTPVersion) throws {
            try withContext { context in
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe("early")
                let raw = try RawPeer.connect(to: try sub.bind("tcp://127.0.0.1:*"))
                try raw.shakeHands(as: "PUB", version: version)
                #expect(
                    try subscription(raw) == Subscription(isSubscribe: true, prefix: bytes("early"))
                )
                try sub.subscribe("early")
                #expect(
                    try subscription(raw) == Subscription(isSubscribe: true, prefix: bytes("early"))
                )
                try sub.unsubscribe("early")
                try sub.subscribe("late")
                #expect(
                    try subscription(raw) == Subscription(isSubscribe: true, prefix: bytes("late")))
                try sub.unsubscribe("early")
                #expect(
                    try subscription(raw)
                        == Subscription(isSubscribe: false, prefix: bytes("early")))
                // What was not asked for, or no longer, does not reach the user.
                try raw.send(frame: bytes("early"))
                try raw.send(frame: bytes("never"))
                try raw.send(frame: bytes("later"))
                #expect(try sub.text() == "later")
            }
        }

        private func subscription(_ raw: RawPeer) throws -> Subscription? {
            let frame = try raw.frame()
            return frame.command.flatMap { Subscription($0) }
                ?? Subscription(messageBody: frame.body.span.bytes)
        }

        @Test(arguments: Way.allCases)
        func severalPublishersAndSubscribers(way: Way) throws {
            try withContext { context in
                let pubs = try (0..<3).map { _ in try PubSocket(context: context, options: .test) }
                let subs = try (0..<3).map { _ in try SubSocket(context: context, options: .test) }
                for pub in pubs {
                    let endpoint = try pub.bind(way.fresh)
                    for sub in subs { try sub.connect(endpoint) }
                }
                for sub in subs { try sub.subscribe("t") }
                for pub in pubs { for sub in subs { try untilSubscribed(pub, sub, topic: "t") } }
                for pub in pubs { try pub.send("t-begin") }
                for sub in subs {
                    var begun = 0
                    while begun < pubs.count { if try sub.text() == "t-begin" { begun += 1 } }
                }
                for (index, pub) in pubs.enumerated() {
                    for round in 0..<50 { try pub.send("t\(index)/\(round)") }
                }
                for sub in subs {
                    let got = try (0..<150).map { _ in try sub.text() }
                    for index in 0..<3 {
                        #expect(
                            got.filter { $0.hasPrefix("t\(index)/") }
                                == (0..<50).map { "t\(index)/\($0)" })
                    }
                }
            }
        }

        /// A subscriber that does not read misses messages; the publisher and the others go on.
        @Test(arguments: Way.allCases)
        func aSlowSubscriberDelaysNobody(way: Way) throws {
            try withContext { context in
                let pub = try PubSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 10 })
                let endpoint = try pub.bind(way.fresh)
                let slow = try SubSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 10 })
                let quick = try SubSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 0 })
                for sub in [slow, quick] {
                    try sub.connect(endpoint)
                    try sub.subscribe()
                    try untilSubscribed(pub, sub, topic: "t")
                }
                _ = try slow.countUntilQuiet(50)
                _ = try quick.countUntilQuiet(50)
                let body = [UInt8](repeating: 1, count: 100_000)
                let reader = Worker {
                    var last = 0
                    while last < 499 {
                        last = Int(try quick.receive().bytes()[0]) * 256 + last % 256
                        if last / 256 >= 2 { break }
                    }
                }
                let time = try elapsed {
                    for index in 0..<500 {
                        try pub.send([UInt8(index / 250)] + body)
                        if index % 5 == 0 { pause(1) }
                    }
                    let isServed = try eventually {
                        try pub.send([2])
                        return reader.ends(within: 1)
                    }
                    #expect(isServed)
                }
                #expect(time < 8_000)
                try reader.join()
                #expect(try slow.countUntilQuiet() < 400)
            }
        }

        /// What a burst leaves behind arrives without another send; also what was sent to some only.
        @Test(arguments: Way.allCases)
        func burstsArriveWholeAndInOrder(way: Way) throws {
            try withContext { context in
                let pub = try PubSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 0 })
                let endpoint = try pub.bind(way.fresh)
                let subs = try (0..<3).map { _ in
                    try SubSocket(
                        context: context, options: .test { $0.receiveHighWaterMark = 0 })
                }
                for (index, sub) in subs.enumerated() {
                    try sub.connect(endpoint)
                    try sub.subscribe("all")
                    try sub.subscribe("\(index)")
                    for topic in ["all", "\(index)"] {
                        try untilSubscribed(pub, sub, topic: topic)
                    }
                }
                for sub in subs { _ = try sub.countUntilQuiet(50) }
                for (round, length) in [1, 3, 4, 50, 700, 5000, 2].enumerated() {
                    for number in 0..<length { try pub.send("all\(round)/\(number)") }
                    for index in subs.indices { try pub.send("\(index) alone") }
                    try pub.send("all end")
                    for (index, sub) in subs.enumerated() {
                        for number in 0..<length {
                            let text = try sub.text()
                            if text != "all\(round)/\(number)" {
                                Issue.record("\(text) instead of \(round)/\(number)")
                                return
                            }
                        }
                        #expect(try sub.text() == "\(index) alone")
                        #expect(try sub.text() == "all end")
                    }
                }
            }
        }

        /// Subscriptions outlive the connection.
        @Test(arguments: Way.streams)
        func subscribesAgainAfterReconnect(way: Way) throws {
            try withContext { context in
                let endpoint = try way.reserved()
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe("t")
                try sub.connect(endpoint)
                for _ in 0..<3 {
                    let pub = try PubSocket(context: context, options: .test)
                    let isBound = eventually { (try? pub.bind(endpoint)) != nil }
                    #expect(isBound)
                    try untilSubscribed(pub, sub, topic: "t")
                    pub.close()
                }
            }
        }
    }
}
