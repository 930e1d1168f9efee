import MCFacade
import Testing

extension FacadeTests {
    /// Polling, callback, tasks: each on every socket that receives, and one at a time.
    @Suite struct ReceiveStyles {
        /// A receiving socket of a type with somebody who sends to it.
        struct Kind: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let make: @Sendable (Context, Way) throws -> (any ReceivingSocket, Feed)
        }

        /// Has the socket sent `texts`, so that each becomes the last frame of a message.
        typealias Feed = @Sendable ([String]) throws -> Void

        static let kinds: [Kind] = [
            Kind(testDescription: "PULL") { context, way in
                let (push, pull) = try pipeline(context, way)
                return (pull, { for text in $0 { try push.send(text) } })
            },
            Kind(testDescription: "SUB") { context, way in
                let sub = try SubSocket(context: context, options: .test)
                let pub = try PubSocket(context: context, options: .test)
                try sub.subscribe()
                let monitor = try SubSocket(context: context, options: .test)
                try monitor.subscribe()
                let endpoint = try pub.bind(way.fresh)
                try sub.connect(endpoint)
                try monitor.connect(endpoint)
                // The probes reach `sub` too: feeds are told apart by their texts.
                try untilSubscribed(pub, monitor, topic: "probe")
                pause(50)
                return (sub, { for text in $0 { try pub.send(text) } })
            },
            Kind(testDescription: "PAIR") { context, way in
                let pair = try PairSocket(context: context, options: .test)
                let peer = try PairSocket(context: context, options: .test)
                try peer.connect(try pair.bind(way.fresh))
                return (pair, { for text in $0 { try peer.send(text) } })
            },
            Kind(testDescription: "DEALER") { context, way in
                let dealer = try DealerSocket(context: context, options: .test)
                let peer = try DealerSocket(context: context, options: .test)
                try peer.connect(try dealer.bind(way.fresh))
                return (dealer, { for text in $0 { try peer.send(text) } })
            },
            Kind(testDescription: "ROUTER") { context, way in
                let router = try RouterSocket(context: context, options: .test)
                let peer = try DealerSocket(context: context, options: .test)
                try peer.connect(try router.bind(way.fresh))
                return (router, { for text in $0 { try peer.send(text) } })
            },
            Kind(testDescription: "REP") { context, way in
                let rep = try RepSocket(context: context, options: .test)
                let peer = try DealerSocket(context: context, options: .test)
                try peer.connect(try rep.bind(way.fresh))
                return (
                    rep, { for text in $0 { try peer.send(parts: [[], bytes(text)]) } }
                )
            },
            Kind(testDescription: "REQ") { context, way in
                let req = try ReqSocket(context: context, options: .test)
                let rep = try RepSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                // A request first; its reply is what is fed.
                try req.send("request")
                _ = try rep.receive()
                return (req, { try rep.send($0[0]) })
            },
        ]

        /// How many messages a socket gets without sending: in lockstep one.
        private func texts(for socket: any ReceivingSocket) -> [String] {
            socket is RepSocket || socket is ReqSocket ? ["0"] : (0..<50).map { "\($0)" }
        }

        private func last(_ message: borrowing Message) -> String? {
            message.string(message.count - 1)
        }

        @Test(arguments: kinds, Way.allCases)
        func polling(kind: Kind, way: Way) throws {
            try withContext { context in
                let (socket, feed) = try kind.make(context, way)
                while try socket.tryReceive(skipping: "probe") {}
                let texts = texts(for: socket)
                try feed(texts)
                var got: [String?] = []
                while got.count < texts.count {
                    let text = last(try socket.receive())
                    if text?.hasPrefix("probe") == false { got.append(text) }
                }
                #expect(got == texts)
                if texts.count > 1 { #expect(try socket.tryReceive() == nil) }
            }
        }

        @Test(arguments: kinds, Way.allCases)
        func callback(kind: Kind, way: Way) throws {
            try withContext { context in
                let (socket, feed) = try kind.make(context, way)
                let box = Collected()
                try socket.onMessage { message in
                    box.add(message.string(message.count - 1) ?? "?")
                }
                let texts = texts(for: socket)
                try feed(texts)
                #expect(eventually { box.texts.count >= texts.count })
                #expect(box.texts == texts)
            }
        }

        @Test(arguments: kinds, Way.allCases)
        func tasks(kind: Kind, way: Way) async throws {
            try await withContext { context in
                let (socket, feed) = try kind.make(context, way)
                let texts = texts(for: socket)
                try feed(texts)
                var got: [String?] = []
                while got.count < texts.count {
                    let text = last(try await socket.receive())
                    if text?.hasPrefix("probe") == false { got.append(text) }
                }
                #expect(got == texts)
            }
        }

        @Test(arguments: kinds, Way.allCases)
        func iteration(kind: Kind, way: Way) async throws {
            try await withContext { context in
                let (socket, feed) = try kind.make(context, way)
                let texts = texts(for: socket)
                let feeding = Task {
                    for text in texts {
                        try feed([text])
                        await Task.yield()
                    }
                }
                var got: [String?] = []
                for try await message in socket.messages {
                    let text = message.string(message.count - 1)
                    if text?.hasPrefix("probe") == false { got.append(text) }
                    if got.count == texts.count { break }
                }
                #expect(got == texts)
                try await feeding.value
            }
        }

        // MARK: Mixing

        @Test func mixingIsRefused() async throws {
            try await withContext { context in
                func pull() throws -> PullSocket {
                    try PullSocket(
                        context: context, options: .test { $0.receiveTimeoutMilliseconds = 0 })
                }
                let polled = try pull()
                #expect(try Self.poll(polled) == nil)
                try expectMixed("polling") { try polled.onMessage { _ in } }
                try await expectMixedAsync("polling") { _ = try await polled.receive() }
                try await expectMixedAsync("polling") { for try await _ in polled.messages {} }

                let called = try pull()
                try called.onMessage { _ in }
                try expectMixed("callback") { _ = try called.tryReceive() }
                try expectMixed("callback") { _ = try Self.blocking(called) }
                try await expectMixedAsync("callback") { _ = try await called.receive() }

                let awaited = try pull()
                #expect(await asyncCode { _ = try await awaited.receive() } == .timedOut)
                try expectMixed("async") { _ = try awaited.tryReceive() }
                try expectMixed("async") { try awaited.onMessage { _ in } }
            }
        }

        private static func poll(_ socket: PullSocket) throws -> String? {
            try socket.tryReceive()?.string()
        }

        private static func blocking(_ socket: PullSocket) throws -> Message {
            try socket.receive()
        }

        private func expectMixed(_ style: String, _ body: () throws -> Void) throws {
            do {
                try body()
                Issue.record("mixing is accepted")
            } catch let error as SocketError {
                #expect(error.code == .mixedReceiveStyles)
                #expect(error.message.contains(style))
                #expect(error.message.contains("cannot be mixed"))
            }
        }

        private func expectMixedAsync(
            _ style: String, _ body: () async throws -> Void
        ) async throws {
            do {
                try await body()
                Issue.record("mixing is accepted")
            } catch let error as SocketError {
                #expect(error.code == .mixedReceiveStyles)
                #expect(error.message.contains(style))
            }
        }
    }
}

extension ReceivingSocket {
    /// Takes a message away if there is one; issue unless it begins with `prefix`.
    func tryReceive(skipping prefix: String) throws -> Bool {
        guard let message = try tryReceive() else { return false }
        #expect(message.string()?.hasPrefix(prefix) == true)
        return true
    }
}
