import MCFacade
import Testing

extension FacadeTests {
    /// What REQ, DEALER and ROUTER do beyond RFC 28, when asked to (zmq_setsockopt(3)).
    @Suite struct RequestOptions {
        @Test(arguments: Way.allCases)
        func relaxedAndCorrelated(way: Way) throws {
            try withContext { context in
                let req = try ReqSocket(context: context, options: .test)
                (req.isRelaxed, req.isCorrelated) = (true, true)
                let router = try RouterSocket(context: context, options: .test)
                try req.connect(try router.bind(way.fresh))
                try req.send("first")
                try req.send("second")
                let requests = [try router.parts(), try router.parts()]
                #expect(requests.map { $0.count } == [4, 4])
                #expect(requests.map { $0[1].count } == [4, 4])
                #expect(requests[0][1] != requests[1][1])
                #expect(requests.map { $0[2] } == [[], []])
                // The late one, one of a number that never was, and the right one.
                try router.send(parts: requests[0].dropLast() + [bytes("late")])
                try router.send(
                    parts: [requests[0][0], [1, 2, 3], [], bytes("wrong")])
                try router.send(parts: requests[1].dropLast() + [bytes("right")])
                #expect(try req.text() == "right")
                #expect(code { _ = try req.tryReceive() } == .invalidState)
            }
        }

        @Test(arguments: Way.allCases)
        func repBringsTheNumberBack(way: Way) throws {
            try withContext { context in
                let req = try ReqSocket(context: context, options: .test)
                req.isCorrelated = true
                let rep = try RepSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                for round in 0..<3 {
                    try req.send("\(round)")
                    #expect(code { try req.send("not yet") } == .invalidState)
                    #expect(try rep.text() == "\(round)")
                    try rep.send("re \(round)")
                    #expect(try req.text() == "re \(round)")
                }
            }
        }

        @Test(arguments: Way.allCases)
        func mandatory(way: Way) async throws {
            try await withContext { context in
                let router = try RouterSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 1
                        $0.sendTimeoutMilliseconds = 100
                    })
                router.isMandatory = true
                #expect(try router.events() == [])
                let endpoint = try router.bind(way.fresh)
                let unknown = code { try router.send(parts: [bytes("nobody"), []]) }
                #expect(unknown == .hostUnreachable)
                let dealer = try DealerSocket(
                    context: context,
                    options: .test {
                        $0.routingID = bytes("somebody")
                        $0.receiveHighWaterMark = 1
                    })
                dealer.probesRouters = true
                try dealer.connect(endpoint)
                let probe = try router.parts()
                #expect(probe == [bytes("somebody"), []])
                let large = [UInt8](repeating: 1, count: 200_000)
                let parts = [bytes("somebody"), large]
                // The kernel takes some time to be full.
                let isFull = eventually { code { try router.send(parts: parts) } == .timedOut }
                #expect(isFull)
                #expect(code { try router.send(parts: parts, .dontWait) } == .wouldBlock)
                #expect(
                    await asyncCode { try await router.send(parts: parts) } == .timedOut)
                let arrived = Worker { try dealer.receive().bytes() }
                #expect(try arrived.join() == large)
            }
        }

        @Test(arguments: Way.allCases)
        func handover(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                router.handsOver = true
                let endpoint = try router.bind(way.fresh)
                let options = SocketOptions.test {
                    $0.routingID = bytes("X")
                    $0.reconnectIntervalMilliseconds = -1
                }
                let old = try DealerSocket(context: context, options: options)
                let new = try DealerSocket(context: context, options: options)
                for (dealer, text) in [(old, "old"), (new, "new")] {
                    try dealer.connect(endpoint)
                    try dealer.send(text)
                    #expect(try router.parts() == [bytes("X"), bytes(text)])
                }
                try router.send(parts: [bytes("X"), bytes("to the new one")])
                #expect(try new.text() == "to the new one")
                #expect(try old.countUntilQuiet(50) == 0)
            }
        }

        /// Two ROUTERs find each other.
        @Test(arguments: Way.allCases)
        func probing(way: Way) throws {
            try withContext { context in
                let one = try RouterSocket(
                    context: context, options: .test { $0.routingID = bytes("one") })
                let two = try RouterSocket(
                    context: context, options: .test { $0.routingID = bytes("two") })
                two.probesRouters = true
                try two.connect(try one.bind(way.fresh))
                #expect(try one.parts() == [bytes("two"), []])
                try one.send(parts: [bytes("two"), bytes("hello")])
                #expect(try two.parts() == [bytes("one"), bytes("hello")])
            }
        }

        /// What nobody is there for is not queued (ZMQ_IMMEDIATE).
        @Test(arguments: Way.streams)
        func connectedOnly(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.sendTimeoutMilliseconds = 100 })
                push.queuesForConnectedOnly = true
                let endpoint = try way.reserved()
                try push.connect(endpoint)
                #expect(code { try push.send("nobody") } == .timedOut)
                let pull = try PullSocket(context: context, options: .test)
                try pull.bind(endpoint)
                #expect(eventually { code { try push.send("somebody") } == nil })
                #expect(try pull.text() == "somebody")
                pull.close()
                #expect(eventually { code { try push.send("?", .dontWait) } == .wouldBlock })
                let next = try PullSocket(context: context, options: .test)
                try next.bind(endpoint)
                #expect(eventually { code { try push.send("again") } == nil })
                #expect(eventually { (try? next.tryReceive()?.string()) == "again" })
            }
        }
    }
}
