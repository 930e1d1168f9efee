import MCFacade
import Synchronization
import Testing

extension Examples {
    @Suite struct ParanoidPirates {
        private let rhythm = {
            var rhythm = ParanoidPirate.Rhythm()
            rhythm.interval = .milliseconds(20)
            rhythm.liveness = 5
            rhythm.shortestPause = .milliseconds(10)
            rhythm.longestPause = .milliseconds(40)
            return rhythm
        }()

        private struct Places {
            let asks = freshEndpoint()
            let works = freshEndpoint()
        }

        private func queue(_ context: Context, _ places: Places) throws -> Task<Void, any Error> {
            let queue = ParanoidPirateQueue(
                clients: try RouterSocket(context: context, options: .example),
                workers: try RouterSocket(context: context, options: .example), rhythm: rhythm)
            try queue.clients.bind(places.asks)
            try queue.workers.bind(places.works)
            return Task {
                defer {
                    queue.clients.close()
                    queue.workers.close()
                }
                try await queue.run()
            }
        }

        private func client(_ context: Context, _ places: Places) -> LazyPirateClient {
            var client = LazyPirateClient(endpoint: places.asks, context: context)
            client.timeoutMilliseconds = 100
            client.attempts = 100
            return client
        }

        /// A worker that answers who did it, after telling of it.
        private func worker(
            _ context: Context, _ places: Places, _ name: String,
            _ begins: @escaping @Sendable () async throws -> Void = {}
        ) -> Task<Void, any Error> {
            let worker = ParanoidPirateWorker(
                endpoint: places.works, context: context, rhythm: rhythm)
            return Task {
                try await worker.run { request in
                    try await begins()
                    return [request[0], bytes("\(text(request[1])) by \(name)")]
                }
            }
        }

        @Test func theWorkOfAKilledWorkerIsDoneByAnother() async throws {
            try await withContext { context in
                let places = Places()
                let queue = try queue(context, places)
                var client = client(context, places)
                let hasBegun = AsyncStream<Void>.makeStream()
                let victim = worker(context, places, "victim") {
                    hasBegun.continuation.yield()
                    try await Task.sleep(for: .seconds(1000))
                }
                // Killed in the middle of the work.
                let killing = Task {
                    for await _ in hasBegun.stream { break }
                    victim.cancel()
                    return worker(context, places, "heir")
                }
                #expect(try await client.ask(bytes("x")) == bytes("x by heir"))
                #expect(try await client.ask(bytes("y")) == bytes("y by heir"))
                await killing.value.cancel()
                queue.cancel()
            }
        }

        /// One that is there and says nothing gets nothing to do.
        @Test func aSilentWorkerIsForgotten() async throws {
            try await withContext { context in
                let places = Places()
                let queue = try queue(context, places)
                let silent = try DealerSocket(context: context, options: .example)
                try silent.connect(places.works)
                try await silent.send(ParanoidPirate.ready)
                // Known, for it is sent a heartbeat; and then no more.
                #expect(try await silent.receive().parts == [ParanoidPirate.heartbeat])
                try silent.setOptions { $0.receiveTimeoutMilliseconds = 500 }
                var isForgotten = false
                while !isForgotten {
                    do {
                        let parts = try await silent.receive().parts
                        #expect(parts == [ParanoidPirate.heartbeat])
                    } catch let error as SocketError where error.code == .timedOut {
                        isForgotten = true
                    }
                }
                let good = worker(context, places, "good")
                var client = client(context, places)
                #expect(try await client.ask(bytes("x")) == bytes("x by good"))
                good.cancel()
                queue.cancel()
            }
        }

        @Test func theQueueDiesAndComesBack() async throws {
            try await withContext { context in
                let places = Places()
                let first = try queue(context, places)
                let working = (0..<2).map { worker(context, places, "\($0)") }
                var client = client(context, places)
                _ = try await client.ask(bytes("x"))
                first.cancel()
                _ = await first.result
                try await Task.sleep(for: .milliseconds(150))
                let second = try queue(context, places)
                #expect(try await text(client.ask(bytes("y"))).hasPrefix("y by "))
                for worker in working { worker.cancel() }
                second.cancel()
            }
        }
    }
}
