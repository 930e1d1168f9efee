import MCFacade
import Testing

extension Examples {
    @Suite struct Majordomos {
        private let rhythm = {
            var rhythm = Majordomo.Rhythm()
            rhythm.interval = .milliseconds(20)
            rhythm.liveness = 5
            rhythm.pause = .milliseconds(20)
            return rhythm
        }()

        private func broker(
            _ context: Context, _ endpoint: String
        ) throws -> Task<Void, any Error> {
            let broker = MajordomoBroker(
                socket: try RouterSocket(context: context, options: .example), rhythm: rhythm)
            try broker.socket.bind(endpoint)
            return Task {
                defer { broker.socket.close() }
                try await broker.run()
            }
        }

        private func worker(
            _ context: Context, _ endpoint: String, _ service: String,
            _ work: @escaping @Sendable ([UInt8]) async throws -> String
        ) -> Task<Void, any Error> {
            let worker = MajordomoWorker(
                endpoint: endpoint, service: service, context: context, rhythm: rhythm)
            return Task {
                try await worker.run { [bytes(try await work($0[0]))] }
            }
        }

        private func client(_ context: Context, _ endpoint: String) -> MajordomoClient {
            MajordomoClient(
                endpoint: endpoint, context: context, timeoutMilliseconds: 150, attempts: 100)
        }

        @Test func servicesByName() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let broker = try broker(context, endpoint)
                let client = client(context, endpoint)
                #expect(try await client.ask("mmi.service", bytes("upper")) == bytes("404"))
                // Waits for a worker that is not there yet.
                async let early = client.ask("upper", bytes("early"))
                let workers = [
                    worker(context, endpoint, "upper") { text($0).uppercased() },
                    worker(context, endpoint, "upper") { text($0).uppercased() },
                    worker(context, endpoint, "count") { "\($0.count)" },
                ]
                #expect(try await early == bytes("EARLY"))
                #expect(try await client.ask("mmi.service", bytes("upper")) == bytes("200"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for round in 0..<20 {
                        group.addTask {
                            let upper = try await client.ask("upper", bytes("round \(round)"))
                            #expect(upper == bytes("ROUND \(round)"))
                            let count = try await client.ask("count", bytes("round \(round)"))
                            #expect(count == bytes(round < 10 ? "7" : "8"))
                        }
                    }
                    try await group.waitForAll()
                }
                for worker in workers { worker.cancel() }
                broker.cancel()
            }
        }

        @Test func aWorkerIsKilled() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let broker = try broker(context, endpoint)
                let client = client(context, endpoint)
                let hasBegun = AsyncStream<Void>.makeStream()
                let victim = worker(context, endpoint, "echo") { _ in
                    hasBegun.continuation.yield()
                    try await Task.sleep(for: .seconds(1000))
                    return "never"
                }
                let killing = Task {
                    for await _ in hasBegun.stream { break }
                    victim.cancel()
                    return worker(context, endpoint, "echo") { text($0) }
                }
                #expect(try await client.ask("echo", bytes("x")) == bytes("x"))
                // The last one of its service goes, and is missed.
                await killing.value.cancel()
                #expect(
                    try await eventually {
                        try await client.ask("mmi.service", bytes("echo")) == bytes("404")
                    })
                broker.cancel()
            }
        }

        @Test func theBrokerIsKilled() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let first = try broker(context, endpoint)
                let worker = worker(context, endpoint, "echo") { text($0) }
                let client = client(context, endpoint)
                #expect(try await client.ask("echo", bytes("1")) == bytes("1"))
                first.cancel()
                _ = await first.result
                let second = try broker(context, endpoint)
                #expect(try await client.ask("echo", bytes("2")) == bytes("2"))
                worker.cancel()
                second.cancel()
            }
        }

        /// Who speaks out of order is sent away; what makes no sense is ignored.
        @Test func strangers() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let broker = try broker(context, endpoint)
                let stranger = try DealerSocket(context: context, options: .example)
                try stranger.connect(endpoint)
                for parts in [
                    [[]], [bytes("x"), bytes("y")], [[], bytes("MDPC01")],
                    [[], bytes("MDPC01"), bytes("echo")], [[], bytes("MDPX99"), [1], [2]],
                ] {
                    try await stranger.send(parts: parts)
                }
                for strange in [
                    Majordomo.message(.reply, [bytes("client"), [], bytes("answer")]),
                    Majordomo.message(.heartbeat), Majordomo.message(.ready),
                    [[], Majordomo.worker, [99]], [[], Majordomo.worker, []],
                ] {
                    try await stranger.send(parts: strange)
                    #expect(try await stranger.receive().parts == Majordomo.message(.disconnect))
                }
                broker.cancel()
            }
        }
    }
}
