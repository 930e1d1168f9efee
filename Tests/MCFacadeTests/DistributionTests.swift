import MCFacade
import Testing

extension FacadeTests {
    /// Who gets a message, and whose message is next (RFC 28, 30, 31).
    @Suite struct Distribution {
        /// PUSH, DEALER: exactly in turn, whoever was bound.
        @Test(arguments: Way.allCases, [true, false])
        func roundRobinIsExact(way: Way, pushBinds: Bool) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pulls = try (0..<3).map { _ in
                    try PullSocket(context: context, options: .test)
                }
                if pushBinds {
                    let endpoint = try push.bind(way.fresh)
                    for pull in pulls { try pull.connect(endpoint) }
                } else {
                    for pull in pulls { try push.connect(try pull.bind(way.fresh)) }
                }
                try untilAllServed(push, pulls)
                for index in 0..<300 { try push.send("\(index)") }
                var firsts: Set<Int> = []
                for pull in pulls {
                    let got = try (0..<100).map { _ in try #require(Int(try pull.text())) }
                    firsts.insert(got[0])
                    #expect(got == (0..<100).map { got[0] + 3 * $0 })
                    #expect(try pull.tryReceive() == nil)
                }
                #expect(firsts == [0, 1, 2])
            }
        }

        private func untilAllServed(_ push: PushSocket, _ pulls: [PullSocket]) throws {
            var served: Set<Int> = []
            var underWay = 0
            func receive() throws {
                for (index, pull) in pulls.enumerated() where try pull.tryReceive() != nil {
                    served.insert(index)
                    underWay -= 1
                }
            }
            let areAll = try eventually {
                try push.send("?")
                underWay += 1
                try receive()
                return served.count == pulls.count
            }
            #expect(areAll)
            let isQuiet = try eventually {
                try receive()
                return underWay == 0
            }
            #expect(isQuiet)
        }

        /// A peer without room is passed over, and comes in again.
        @Test(arguments: Way.allCases)
        func aFullPeerIsPassedOver(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 4 })
                let slow = try PullSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 4 })
                let quick = try PullSocket(context: context, options: .test)
                for pull in [slow, quick] { try push.connect(try pull.bind(way.fresh)) }
                // Large enough for the kernel's buffers to be full soon.
                let body = [UInt8](repeating: 7, count: 200_000)
                let reader = Worker { try (0..<200).map { _ in try quick.receive().bytes().count } }
                var sent = 0
                while !reader.ends(within: 0) {
                    if code({ try push.send(body) }) != nil { break }
                    sent += 1
                }
                #expect(try reader.join() == Array(repeating: 200_000, count: 200))
                var late = 0
                let isAll = try eventually {
                    for pull in [slow, quick] { while try pull.tryReceive() != nil { late += 1 } }
                    return late + 200 >= sent
                }
                #expect(isAll, "\(late + 200) of \(sent)")
                #expect(late + 200 == sent)
            }
        }

        /// What a dead peer has not got waits for the next one, whichever transport it comes by,
        /// and wakes it.
        @Test(arguments: Way.allCases)
        func messagesOfADeadPeerWakeTheNext(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let body = [UInt8](repeating: 7, count: 1 << 20)
                do {
                    let raw = try RawPeer.connect(to: try push.bind(Way.tcp.fresh))
                    try raw.shakeHands(as: "PULL")
                    // More than the kernel takes from one who does not read.
                    for _ in 0..<20 { try push.send(body) }
                }
                let isGone = eventually { code { try push.send("x", .dontWait) } == .wouldBlock }
                #expect(isGone)
                // A wait without end: at the end of a wait the reader looks by itself.
                let pull = try PullSocket(
                    context: context, options: .test { $0.receiveTimeoutMilliseconds = -1 })
                let reader = Worker { try pull.receive().bytes().count }
                pause(20)
                try pull.connect(try push.bind(way.fresh))
                #expect(try reader.join() == body.count)
            }
        }

        /// PULL, ROUTER, DEALER…: one from each in turn.
        @Test(arguments: Way.allCases)
        func fairQueueingIsExact(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let names = ["a", "b", "c"]
                let pushes = try names.map { name in
                    let push = try PushSocket(context: context, options: .test)
                    try push.connect(endpoint)
                    for _ in 0..<100 { try push.send(name) }
                    return push
                }
                // The I/O thread reads while nobody receives.
                pause(150)
                let got = try (0..<300).map { _ in try pull.text() }
                for round in 0..<100 {
                    #expect(Set(got[(3 * round)..<(3 * round + 3)]) == Set(names))
                }
                withExtendedLifetime(pushes) {}
            }
        }

        /// A peer that floods does not keep another one waiting.
        @Test(arguments: Way.allCases)
        func aFloodStarvesNobody(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let loud = try PushSocket(context: context, options: .test)
                try loud.connect(endpoint)
                let flood = Worker {
                    while code({ try loud.send("loud") }) == nil {}
                }
                for _ in 0..<1000 { #expect(try pull.text() == "loud") }
                let quiet = try PushSocket(context: context, options: .test)
                try quiet.connect(endpoint)
                for index in 0..<20 { try quiet.send("quiet \(index)") }
                var found = 0
                for _ in 0..<200_000 {
                    if try pull.text().hasPrefix("quiet") { found += 1 }
                    if found == 20 { break }
                }
                #expect(found == 20)
                loud.close()
                try flood.join()
            }
        }

        @Test(arguments: Way.allCases)
        func aPairHasOnePeer(way: Way) throws {
            try withContext { context in
                let server = try PairSocket(context: context, options: .test)
                let endpoint = try server.bind(way.fresh)
                let first = try PairSocket(context: context, options: .test)
                try first.connect(endpoint)
                try first.send("first")
                #expect(try server.text() == "first")
                let second = try PairSocket(context: context, options: .test)
                if way == .inproc {
                    #expect(code { try second.connect(endpoint) } != nil)
                } else {
                    // It is dialled again and again; what it sends meanwhile may be lost.
                    try second.connect(endpoint)
                }
                #expect(try server.countUntilQuiet() == 0)
                try server.send("for the first")
                #expect(try first.text() == "for the first")
                // When the first has gone, the next may come.
                first.close()
                if way != .inproc {
                    let hasCome = try eventually {
                        try second.send("second")
                        return try server.tryReceive() != nil
                    }
                    #expect(hasCome)
                    try server.send("welcome")
                    #expect(try second.text() == "welcome")
                    withExtendedLifetime(first) {}
                }
            }
        }

        @Test func aPairConnectsOnce() throws {
            try withContext { context in
                let pair = try PairSocket(context: context, options: .test)
                try pair.connect(try RawListener.freeEndpoint())
                #expect(code { try pair.connect("tcp://127.0.0.1:1") } == .invalidState)
                #expect(code { try pair.connect("inproc://other") } == .invalidState)
            }
        }
    }
}
