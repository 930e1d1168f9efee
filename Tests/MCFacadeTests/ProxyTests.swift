import MCFacade
import Testing

extension FacadeTests {
    /// Two sockets, and what comes at one goes out at the other (zmq_proxy(3)).
    @Suite struct Proxies {
        private struct Shared {
            let frontend: RouterSocket
            let backend: DealerSocket
            let asks: String
            let answers: String

            init(_ context: Context, _ way: Way) throws {
                frontend = try RouterSocket(context: context, options: .test)
                backend = try DealerSocket(context: context, options: .test)
                asks = try frontend.bind(way.fresh)
                answers = try backend.bind(way.fresh)
            }
        }

        /// As `join`, without keeping a thread of the pool from the proxy's tasks.
        @discardableResult
        private func finished<Value>(_ worker: Worker<Value>) async throws -> Value {
            while !worker.ends(within: 0) { try await Task.sleep(for: .milliseconds(2)) }
            return try worker.join()
        }

        @Test(arguments: Way.allCases)
        func sharedQueue(way: Way) async throws {
            try await withContext { context in
                let sides = try Shared(context, way)
                let capture = try PushSocket(context: context, options: .test)
                let record = try PullSocket(context: context, options: .test)
                try capture.connect(try record.bind("inproc://\(uniqueName())"))
                let proxy = Proxy(between: sides.frontend, and: sides.backend, capture: capture)
                let running = Task { try await proxy.run() }
                let reps = try (0..<2).map { _ in
                    let rep = try RepSocket(context: context, options: .test)
                    try rep.connect(sides.answers)
                    return rep
                }
                let serving = reps.map { rep in
                    Worker { while let text = try? rep.text() { try rep.send("re: \(text)") } }
                }
                let req = try ReqSocket(context: context, options: .test)
                try req.connect(sides.asks)
                let asking = Worker {
                    for round in 0..<50 {
                        try req.send("\(round)")
                        #expect(try req.text() == "re: \(round)")
                        #expect(try record.parts().last == bytes("\(round)"))
                        #expect(try record.parts().last == bytes("re: \(round)"))
                    }
                }
                try await finished(asking)
                #expect(eventually { proxy.statistics.fromBackend.messages == 50 })
                #expect(eventually { proxy.statistics.fromFrontend.messages == 50 })
                #expect(proxy.statistics.fromFrontend.bytes > 50)
                proxy.stop()
                try await running.value
                for rep in reps { rep.close() }
                for worker in serving { try worker.join() }
            }
        }

        @Test func forwarder() async throws {
            try await withContext { context in
                let frontend = try XSubSocket(context: context, options: .test)
                let backend = try XPubSocket(context: context, options: .test)
                let above = try frontend.bind(Way.tcp.fresh)
                let below = try backend.bind(Way.inproc.fresh)
                let proxy = Proxy(between: frontend, and: backend)
                let running = Worker { try proxy.runBlocking() }
                let pub = try XPubSocket(context: context, options: .test)
                try pub.connect(above)
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe("a")
                try sub.connect(below)
                let talking = Worker {
                    #expect(try pub.receive().bytes() == [1] + bytes("a"))
                    try pub.send("b, for nobody")
                    try pub.send("a, for somebody")
                    #expect(try sub.text() == "a, for somebody")
                }
                try await finished(talking)
                proxy.stop()
                try await finished(running)
            }
        }

        @Test func pausing() async throws {
            try await withContext { context in
                let frontend = try PullSocket(context: context, options: .test)
                let backend = try PushSocket(context: context, options: .test)
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(context: context, options: .test)
                try push.connect(try frontend.bind(Way.tcp.fresh))
                try pull.connect(try backend.bind(Way.tcp.fresh))
                let proxy = Proxy(from: frontend, to: backend)
                let running = Task { try await proxy.run() }
                try await push.send("1")
                #expect(try await finished(Worker { try pull.text() }) == "1")
                proxy.pause()
                for index in 2..<10 { try await push.send("\(index)") }
                #expect(try pull.countUntilQuiet(100) == 0)
                proxy.resume()
                let rest = Worker { try (2..<10).map { _ in try pull.text() } }
                #expect(try await finished(rest) == (2..<10).map { "\($0)" })
                #expect(await asyncCode { try await proxy.run() } == .invalidState)
                running.cancel()
                #expect(await asyncCode { try await running.value } == .cancelled)
            }
        }

        /// Closing a socket ends the proxy, even a paused one.
        @Test(arguments: [false, true])
        func closing(isPaused: Bool) async throws {
            let context = Context()
            let sides = try Shared(context, .tcp)
            let proxy = Proxy(between: sides.frontend, and: sides.backend)
            let running = Task { try await proxy.run() }
            if isPaused { proxy.pause() }
            pause(20)
            sides.frontend.close()
            #expect(await asyncCode { try await running.value } == .closed)
            context.close()
        }
    }
}
