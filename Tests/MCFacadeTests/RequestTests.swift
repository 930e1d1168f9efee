import MCFacade
import Testing

extension FacadeTests {
    /// RFC 28: lockstep, envelopes, routing ids.
    @Suite struct Requests {
        @Test(arguments: Way.allCases)
        func lockstep(way: Way) throws {
            try withContext { context in
                let req = try ReqSocket(context: context, options: .test)
                let rep = try RepSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                #expect(code { _ = try req.receive() } == .invalidState)
                #expect(code { try rep.send("unasked") } == .invalidState)
                try req.send("one")
                #expect(code { try req.send("two") } == .invalidState)
                #expect(try rep.text() == "one")
                #expect(code { _ = try rep.receive() } == .invalidState)
                try rep.send("answer")
                #expect(code { try rep.send("more") } == .invalidState)
                #expect(try req.text() == "answer")
                #expect(code { _ = try req.receive() } == .invalidState)
                try req.send("next")
                #expect(try rep.text() == "next")
            }
        }

        @Test(arguments: Way.allCases)
        func requestsGoRound(way: Way) throws {
            try withContext { context in
                let req = try ReqSocket(context: context, options: .test)
                let reps = try (0..<3).map { _ in try RepSocket(context: context, options: .test) }
                for rep in reps { try req.connect(try rep.bind(way.fresh)) }
                for round in 0..<9 {
                    try req.send("?")
                    let rep = reps[round % 3]
                    #expect(try rep.text() == "?")
                    try rep.send("\(round)")
                    #expect(try req.text() == "\(round)")
                }
            }
        }

        /// DEALER makes the envelope by hand; REP gives it back untouched, however long it is.
        @Test(arguments: Way.allCases)
        func repKeepsTheEnvelope(way: Way) throws {
            try withContext { context in
                let dealer = try DealerSocket(context: context, options: .test)
                let rep = try RepSocket(context: context, options: .test)
                try dealer.connect(try rep.bind(way.fresh))
                let long = [UInt8](repeating: 3, count: 20_000)
                for envelope in [[], [bytes("a")], [bytes("a"), long, bytes("c")]] {
                    try dealer.send(parts: envelope + [[], bytes("ask"), []])
                    #expect(try rep.parts() == [bytes("ask"), []])
                    try rep.send(parts: [[], bytes("answer")])
                    #expect(try dealer.parts() == envelope + [[], [], bytes("answer")])
                }
                // No delimiter, nothing behind it: no request.
                try dealer.send(parts: [bytes("no"), bytes("delimiter")])
                try dealer.send(parts: [bytes("only"), []])
                try dealer.send(parts: [[], bytes("good")])
                #expect(try rep.text() == "good")
            }
        }

        /// REQ - ROUTER/DEALER - ROUTER/DEALER - REP: two brokers in between.
        @Test(arguments: Way.allCases)
        func chains(way: Way) throws {
            try withContext { context in
                let rep = try RepSocket(context: context, options: .test)
                var endpoint = try rep.bind(way.fresh)
                var brokers: [Worker<Void>] = []
                do {
                    for _ in 0..<2 {
                        let back = try DealerSocket(context: context, options: .test)
                        let front = try RouterSocket(context: context, options: .test)
                        try back.connect(endpoint)
                        endpoint = try front.bind(way.fresh)
                        brokers.append(Worker { try broker(front, back) })
                    }
                    let reqs = try (0..<3).map { _ in
                        let req = try ReqSocket(context: context, options: .test)
                        try req.connect(endpoint)
                        return req
                    }
                    let server = Worker {
                        for _ in 0..<60 { try rep.send("re: " + (try rep.text())) }
                    }
                    for round in 0..<20 {
                        for (index, req) in reqs.enumerated() { try req.send("\(index)/\(round)") }
                        for (index, req) in reqs.enumerated() {
                            #expect(try req.text() == "re: \(index)/\(round)")
                        }
                    }
                    try server.join()
                }
                context.close()
                for broker in brokers { try broker.join() }
            }
        }

        @Sendable private func broker(_ front: RouterSocket, _ back: DealerSocket) throws {
            let toBack = Worker { while try forward(front, back) {} }
            while try forward(back, front) {}
            try toBack.join()
        }

        @Sendable private func forward(
            _ from: some ReceivingSocket, _ to: some SendingSocket
        ) throws -> Bool {
            do throws(SocketError) {
                try to.send(try from.receive())
                return true
            } catch {
                guard error.code == .terminated else { throw error }
                return false
            }
        }

        @Test(arguments: Way.allCases)
        func repliesToTheDeadAreDropped(way: Way) throws {
            try withContext { context in
                let rep = try RepSocket(context: context, options: .test)
                let endpoint = try rep.bind(way.fresh)
                let gone = try ReqSocket(context: context, options: .test)
                try gone.connect(endpoint)
                try gone.send("last words")
                #expect(try rep.text() == "last words")
                gone.close()
                pause(30)
                try rep.send("too late")
                let next = try ReqSocket(context: context, options: .test)
                try next.connect(endpoint)
                try next.send("hello")
                #expect(try rep.text() == "hello")
                try rep.send("hello yourself")
                #expect(try next.text() == "hello yourself")
            }
        }

        /// A request whose peer died before it left goes to another peer, which replies.
        @Test func aRequestThatDidNotLeaveFindsAnotherPeer() throws {
            try withContext { context in
                let endpoint = try RawListener.freeEndpoint()
                let req = try ReqSocket(context: context, options: .test)
                try req.connect(endpoint)
                try req.send("patient")
                pause(50)
                let rep = try RepSocket(context: context, options: .test)
                try rep.bind(endpoint)
                #expect(try rep.text() == "patient")
                try rep.send("done")
                #expect(try req.text() == "done")
            }
        }

        /// Threads that share a REQ: one request at a time, each reply to a request, nothing lost.
        @Test(arguments: Way.allCases)
        func aSharedReqKeepsLockstep(way: Way) throws {
            try withContext { context in
                let rep = try RepSocket(context: context, options: .test)
                let req = try ReqSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                let served = Worker { () -> Int in
                    var count = 0
                    while let message = try? rep.receive() {
                        count += 1
                        try rep.send(message)
                    }
                    return count
                }
                try req.setOptions { $0.receiveTimeoutMilliseconds = 20 }
                let users = (0..<3).map { _ in Worker { try Self.useFreely(req, times: 1500) } }
                var sent = 0
                var received = 0
                for user in users {
                    let counts = try user.join()
                    sent += counts.sent
                    received += counts.received
                }
                if (try? req.receive()) != nil { received += 1 }
                #expect(sent == received)
                #expect(sent > 100)
                rep.close()
                #expect(try served.join() == sent)
            }
        }

        /// Sends and receives without asking whose turn it is; refusals are part of it.
        @Sendable private static func useFreely(
            _ req: ReqSocket, times: Int
        ) throws -> (sent: Int, received: Int) {
            var sent = 0
            var received = 0
            let refusals: Set<SocketError.Code> = [.invalidState, .timedOut]
            for _ in 0..<times {
                do throws(SocketError) {
                    try req.send("?")
                    sent += 1
                } catch {
                    guard refusals.contains(error.code) else { throw error }
                }
                do throws(SocketError) {
                    _ = try req.receive()
                    received += 1
                } catch {
                    guard refusals.contains(error.code) else { throw error }
                }
            }
            return (sent, received)
        }

        // MARK: ROUTER

        @Test(arguments: Way.allCases)
        func unknownPeersAreDropped(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let endpoint = try router.bind(way.fresh)
                try router.send(parts: [bytes("nobody"), bytes("lost")])
                let dealer = try DealerSocket(
                    context: context, options: .test { $0.routingID = bytes("D") })
                try dealer.connect(endpoint)
                try dealer.send("here")
                #expect(try router.parts() == [bytes("D"), bytes("here")])
                try router.send(parts: [bytes("E"), bytes("lost")])
                try router.send(parts: [bytes("D"), bytes("found")])
                #expect(try dealer.parts() == [bytes("found")])
                #expect(code { try router.send("no recipient") } == .invalidMessage)
            }
        }

        @Test(arguments: Way.allCases)
        func generatedIDs(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let endpoint = try router.bind(way.fresh)
                let dealers = try (0..<3).map { _ in
                    let dealer = try DealerSocket(context: context, options: .test)
                    try dealer.connect(endpoint)
                    return dealer
                }
                var ids: Set<[UInt8]> = []
                for (index, dealer) in dealers.enumerated() {
                    try dealer.send("\(index)")
                    let message = try router.parts()
                    #expect(message[0].count == 5 && message[0].first == 0)
                    #expect(message[1] == bytes("\(index)"))
                    ids.insert(message[0])
                    try router.send(parts: [message[0], bytes("yours \(index)")])
                    #expect(try dealer.text() == "yours \(index)")
                }
                #expect(ids.count == 3)
            }
        }

        @Test(arguments: Way.allCases)
        func duplicateIDsAreRefused(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let endpoint = try router.bind(way.fresh)
                let options = SocketOptions.test { $0.routingID = bytes("same") }
                let first = try DealerSocket(context: context, options: options)
                try first.connect(endpoint)
                try first.send("1")
                #expect(try router.parts() == [bytes("same"), bytes("1")])
                let second = try DealerSocket(context: context, options: options)
                if way == .inproc {
                    #expect(code { try second.connect(endpoint) } != nil)
                } else {
                    // It is dialled again and again; what it sends meanwhile may be lost.
                    try second.connect(endpoint)
                }
                #expect(try router.countUntilQuiet() == 0)
                try router.send(parts: [bytes("same"), bytes("to the first")])
                #expect(try first.text() == "to the first")
                // The name is free when its owner has gone.
                first.close()
                if way != .inproc {
                    let hasCome = try eventually {
                        try second.send("2")
                        return try router.tryReceive()?.parts == [bytes("same"), bytes("2")]
                    }
                    #expect(hasCome)
                }
            }
        }
    }
}
