import MCFacade
import Testing

extension Examples {
    @Suite struct NodeCoordinations {
        private let count = 2000

        /// Everything that comes until "end", without the hellos.
        private func collect(_ subscriber: SubSocket) -> Task<[String], any Error> {
            Task {
                var all: [String] = []
                for try await message in subscriber.messages {
                    if message.bytes() == Hello.hello { continue }
                    if message.bytes() == bytes("end") { break }
                    all.append(message.string() ?? "?")
                }
                return all
            }
        }

        @Test(arguments: ["tcp", "ipc", "inproc"])
        func bySubscriptions(scheme: String) async throws {
            try await withContext { context in
                let socket = try XPubSocket(context: context, options: .example)
                socket.waitsForRoom = true
                let publisher = CountingPublisher(socket: socket)
                let endpoint = try socket.bind(freshEndpoint(scheme))
                let publishing = Task {
                    var publisher = publisher
                    try await publisher.waitForSubscribers(5, to: [])
                    for number in 0..<count { try await socket.send("\(number)") }
                    try await socket.send("end")
                }
                // One that comes and goes again does not count.
                let fickle = try SubSocket(context: context, options: .example)
                try fickle.subscribe()
                try fickle.connect(endpoint)
                fickle.close()
                let collecting = try (0..<5).map { _ in
                    let subscriber = try SubSocket(context: context, options: .example)
                    try subscriber.connect(endpoint)
                    try subscriber.subscribe()
                    return collect(subscriber)
                }
                try await publishing.value
                let all = (0..<count).map { "\($0)" }
                for task in collecting { #expect(try await task.value == all) }
            }
        }

        @Test(arguments: ["tcp", "ipc", "inproc"])
        func byHello(scheme: String) async throws {
            try await withContext { context in
                let publisher = try PubSocket(context: context, options: .example)
                publisher.waitsForRoom = true
                let replies = try RepSocket(context: context, options: .example)
                let topics = try publisher.bind(freshEndpoint(scheme))
                let hellos = try replies.bind(freshEndpoint(scheme))
                let publishing = Task {
                    let names = try await Hello.gather(
                        5, publisher: publisher, replies: replies)
                    for number in 0..<count { try await publisher.send("\(number)") }
                    try await publisher.send("end")
                    return names
                }
                let collecting = (0..<5).map { index in
                    Task {
                        try await Task.sleep(for: .milliseconds(10 * index))
                        let subscriber = try SubSocket(context: context, options: .example)
                        try subscriber.subscribe()
                        try subscriber.connect(topics)
                        let requests = try ReqSocket(context: context, options: .example)
                        try requests.connect(hellos)
                        try await Hello.report(
                            as: bytes("node \(index)"), subscriber: subscriber, requests: requests)
                        return try await collect(subscriber).value
                    }
                }
                #expect(
                    try await publishing.value == Set((0..<5).map { bytes("node \($0)") }))
                let all = (0..<count).map { "\($0)" }
                for task in collecting { #expect(try await task.value == all) }
            }
        }
    }
}
