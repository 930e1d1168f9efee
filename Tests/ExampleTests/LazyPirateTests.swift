import MCFacade
import Testing

extension Examples {
    @Suite struct LazyPirates {
        /// A server that answers a number of requests, and goes with the next.
        private func serve(
            _ context: Context, at endpoint: String, upTo count: Int = .max,
            slowly: Duration = .zero
        ) throws -> Task<Void, any Error> {
            let rep = try RepSocket(context: context, options: .example)
            try rep.bind(endpoint)
            return Task {
                defer { rep.close() }
                for _ in 0..<count {
                    let parts = try await rep.receive().parts
                    try await Task.sleep(for: slowly)
                    try await rep.send(parts: [parts[0], bytes("re: ") + parts[1]])
                }
                _ = try await rep.receive()
            }
        }

        @Test func aDeadServerIsSurvived() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let first = try serve(context, at: endpoint, upTo: 2)
                var client = LazyPirateClient(endpoint: endpoint, context: context)
                client.timeoutMilliseconds = 50
                client.attempts = 200
                for round in 1...2 {
                    #expect(try await client.ask(bytes("\(round)")) == bytes("re: \(round)"))
                }
                // Comes back when the first has gone, with the third request, and for a while nobody is
                // there.
                let second = Task {
                    try await first.value
                    try await Task.sleep(for: .milliseconds(120))
                    return try serve(context, at: endpoint)
                }
                for round in 3...5 {
                    #expect(try await client.ask(bytes("\(round)")) == bytes("re: \(round)"))
                }
                try await second.value.cancel()
            }
        }

        /// An answer that comes too late is never taken for that to another request.
        @Test func aSlowServer() async throws {
            try await withContext { context in
                let endpoint = freshEndpoint()
                let server = try serve(context, at: endpoint, slowly: .milliseconds(60))
                var client = LazyPirateClient(endpoint: endpoint, context: context)
                client.timeoutMilliseconds = 20
                client.attempts = 3
                for round in 0..<5 {
                    do {
                        let answer = try await client.ask(bytes("\(round)"))
                        #expect(answer == bytes("re: \(round)"))
                    } catch is LazyPirateClient.NoAnswer {
                        // With patience there is one.
                        client.timeoutMilliseconds = 10_000
                    }
                }
                server.cancel()
            }
        }

        @Test func noServer() async {
            await withContext { context in
                var client = LazyPirateClient(endpoint: freshEndpoint(), context: context)
                client.timeoutMilliseconds = 20
                client.attempts = 3
                let start = ContinuousClock.now
                do {
                    _ = try await client.ask(bytes("?"))
                    Issue.record("nobody has answered")
                } catch {
                    #expect(error as? LazyPirateClient.NoAnswer == .init(attempts: 3))
                }
                #expect(ContinuousClock.now - start >= .milliseconds(60))
            }
        }
    }
}
