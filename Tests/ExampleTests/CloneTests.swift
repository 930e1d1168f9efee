import MCFacade
import Testing

extension Examples {
    @Suite struct Clones {
        private struct Place {
            let server: CloneServer
            let endpoints: CloneClient.Endpoints

            init(_ context: Context) throws {
                // A snapshot must find room, however large it is.
                var unlimited = SocketOptions.example
                unlimited.sendHighWaterMark = 0
                server = CloneServer(
                    snapshots: try RouterSocket(context: context, options: unlimited),
                    updates: try PubSocket(context: context, options: .example),
                    wishes: try PullSocket(context: context, options: .example),
                    interval: .milliseconds(20))
                endpoints = CloneClient.Endpoints(
                    snapshots: try server.snapshots.bind(freshEndpoint("tcp")),
                    updates: try server.updates.bind(freshEndpoint()),
                    wishes: try server.wishes.bind(freshEndpoint()))
            }
        }

        private func client(
            _ context: Context, _ place: Place
        ) throws -> (client: CloneClient, running: Task<Void, any Error>) {
            let client = try CloneClient(
                place.endpoints, context: context, timeoutMilliseconds: 200)
            return (client, Task { try await client.run() })
        }

        @Test func everybodyHasTheSame() async throws {
            try await withContext { context in
                let place = try Place(context)
                let serving = Task { try await place.server.run() }
                var clients = try (0..<3).map { _ in try client(context, place) }
                let total = 300
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, client) in clients.enumerated() {
                        group.addTask {
                            for round in 0..<total / 3 {
                                // Some of the keys are everybody's, and some are taken back.
                                let key = round % 2 == 0 ? "/all/\(round)" : "/\(index)/\(round)"
                                let value = round % 10 == 3 ? nil : "\(index) \(round)"
                                try await client.client.wish(key, value)
                                if round % 10 == 0 { await Task.yield() }
                            }
                        }
                    }
                    // Comes in the middle of it.
                    try await Task.sleep(for: .milliseconds(5))
                    clients.append(try client(context, place))
                    try await group.waitForAll()
                }
                clients.append(try client(context, place))
                for (client, _) in clients {
                    #expect(await eventually { await client.number == UInt64(total) })
                }
                let table = await clients[0].client.table
                for (client, _) in clients { #expect(await client.table == table) }
                // Every second of a hundred is everybody's; of the others a fifth was taken back.
                #expect(table.count == 50 + 3 * 40)
                #expect(await clients[4].client["/1/1"] == "1 1")
                #expect(await clients[4].client["/1/3"] == nil)
                for (_, running) in clients { running.cancel() }
                serving.cancel()
            }
        }

        /// Changes that a client misses are made up for, though none comes after them.
        @Test func aClientThatMissedSomething() async throws {
            try await withContext { context in
                let place = try Place(context)
                let serving = Task { try await place.server.run() }
                let (one, running) = try client(context, place)
                try await one.wish("/a", "1")
                #expect(await eventually { await one["/a"] == "1" })
                let before = await one.snapshotCount
                // For a while there are no updates.
                try place.server.updates.unbind(place.endpoints.updates)
                let (two, other) = try client(context, place)
                try await two.wish("/a", "2")
                try await two.wish("/b", "3")
                try place.server.updates.bind(place.endpoints.updates)
                #expect(await eventually { await one.has("2", "3") })
                #expect(await one.snapshotCount > before)
                #expect(await eventually { await two.has("2", "3") })
                for task in [running, other, serving] { task.cancel() }
            }
        }

        /// What is no entry changes nothing, at the server or at a client.
        @Test func nonsense() async throws {
            try await withContext { context in
                let place = try Place(context)
                let serving = Task { try await place.server.run() }
                let (one, running) = try client(context, place)
                let push = try PushSocket(context: context, options: .example)
                try push.connect(place.endpoints.wishes)
                let zero = [UInt8](repeating: 0, count: 8)
                for parts in [[[]], [bytes("/x"), [1], [2]], [bytes("no slash"), zero, [1]]] {
                    try await push.send(parts: parts)
                }
                try await one.wish("/right", "1")
                #expect(await eventually { await one["/right"] == "1" })
                #expect(await one.table.count == 1)
                #expect(await one.number == 1)
                running.cancel()
                serving.cancel()
            }
        }
    }
}

extension CloneClient {
    fileprivate func has(_ a: String, _ b: String) -> Bool { self["/a"] == a && self["/b"] == b }
}
