import MCFacade
import Testing

extension FacadeTests {
    /// XPUB and XSUB: subscriptions as messages (RFC 29).
    @Suite struct ExtendedPublishing {
        @Test(arguments: Way.allCases)
        func subscriptionsAreReceived(way: Way) throws {
            try withContext { context in
                let xpub = try XPubSocket(context: context, options: .test)
                let endpoint = try xpub.bind(way.fresh)
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe("early")
                try sub.connect(endpoint)
                #expect(try xpub.receive().bytes() == [1] + bytes("early"))
                try sub.subscribe("late")
                #expect(try xpub.receive().bytes() == [1] + bytes("late"))
                try xpub.send("late news")
                #expect(try sub.text() == "late news")
                try sub.unsubscribe("late")
                #expect(try xpub.receive().bytes() == [0] + bytes("late"))
                sub.close()
                #expect(try xpub.receive().bytes() == [0] + bytes("early"))
            }
        }

        /// Waiting in every way ends with a subscription.
        @Test(arguments: Way.allCases)
        func receiversAreWoken(way: Way) async throws {
            try await withContext { context in
                let xpub = try XPubSocket(context: context, options: .test)
                let xsub = try XSubSocket(context: context, options: .test)
                try xsub.connect(try xpub.bind(way.fresh))
                let thread = Worker { try xpub.receive().bytes() }
                pause(50)
                try xsub.subscribe([65])
                #expect(try thread.join() == [1, 65])

                let other = try XPubSocket(context: context, options: .test)
                try xsub.connect(try other.bind(way.fresh))
                #expect(try await other.receive().bytes() == [1, 65])
                let task = Task { try await other.receive().bytes() }
                pause(50)
                try xsub.subscribe([66])
                #expect(try await task.value == [1, 66])

                let polled = try XPubSocket(context: context, options: .test)
                let descriptor = try polled.pollDescriptor()
                try xsub.connect(try polled.bind(way.fresh))
                #expect(isReady(descriptor, 1, within: patience))
                #expect(
                    try eventually { try polled.events().contains(.canReceive) })
            }
        }

        @Test(arguments: Way.allCases)
        func upstream(way: Way) throws {
            try withContext { context in
                let xpub = try XPubSocket(context: context, options: .test)
                let xsub = try XSubSocket(context: context, options: .test)
                try xsub.connect(try xpub.bind(way.fresh))
                try xsub.send([1])
                #expect(try xpub.receive().bytes() == [1])
                try xsub.send(parts: [bytes("a message"), bytes("up")])
                #expect(try xpub.parts() == [bytes("a message"), bytes("up")])
                try xpub.send(parts: [bytes("and"), bytes("down")])
                #expect(try xsub.parts() == [bytes("and"), bytes("down")])
            }
        }

        /// Whatever happens, a peer that has no room holds the publisher up, and loses nothing.
        @Test(arguments: Way.allCases)
        func nothingIsDropped(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 10
                    $0.receiveHighWaterMark = 10
                    $0.sendTimeoutMilliseconds = 20_000
                }
                let xpub = try XPubSocket(context: context, options: options)
                xpub.waitsForRoom = true
                #expect(xpub.waitsForRoom)
                let sub = try SubSocket(context: context, options: options)
                try sub.subscribe()
                try sub.connect(try xpub.bind(way.fresh))
                _ = try xpub.receive()
                let large = [UInt8](repeating: 9, count: 20_000)
                let sending = Worker {
                    for index in 0..<2000 {
                        try xpub.send(parts: [bytes("\(index)"), large])
                    }
                }
                for index in 0..<2000 {
                    if index % 500 == 0 { pause(20) }
                    #expect(try sub.parts().first == bytes("\(index)"))
                }
                try sending.join()
            }
        }

        @Test func waitingForRoomEnds() async throws {
            try await withContext { context in
                let pub = try PubSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 2
                        $0.sendTimeoutMilliseconds = 100
                    })
                pub.waitsForRoom = true
                let sub = try SubSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 2 })
                try sub.subscribe()
                try sub.connect(try pub.bind("inproc://\(uniqueName())"))
                #expect(
                    code { for _ in 0..<1000 { try pub.send("x", .dontWait) } } == .wouldBlock)
                let before = threadProcessorSeconds()
                #expect(code { try pub.send("x") } == .timedOut)
                #expect(threadProcessorSeconds() - before < 0.08)
                #expect(await asyncCode { try await pub.send("x") } == .timedOut)
            }
        }

        @Test(arguments: Way.allCases)
        func invertedMatching(way: Way) throws {
            try withContext { context in
                let pub = try XPubSocket(context: context, options: .test)
                pub.invertsMatching = true
                let sub = try SubSocket(context: context, options: .test)
                sub.invertsMatching = true
                try sub.subscribe("a")
                try sub.connect(try pub.bind(way.fresh))
                #expect(try pub.receive().bytes() == [1] + bytes("a"))
                for text in ["a1", "b1", "a2", "b2"] { try pub.send(text) }
                #expect(try [sub.text(), sub.text()] == ["b1", "b2"])
            }
        }
    }
}
