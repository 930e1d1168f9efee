import MCFacade
import MCLock
import Testing

extension FacadeTests {
    /// Requests go to the worker that has been idle longest (the Guide's load-balancing pattern).
    @Suite struct LoadBalancing {
        /// The broker runs in a task, what else there is on a thread of its own.
        private func running<Value: Sendable>(
            _ broker: LoadBalancingBroker, _ body: @escaping @Sendable () throws -> Value
        ) async throws -> Value {
            let task = Task { try await broker.run() }
            let value = try await finished(Worker { try body() })
            broker.stop()
            try await task.value
            return value
        }

        @Test(arguments: Way.allCases)
        func theOneThatHasBeenIdleLongest(way: Way) async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, way)
                let broker = LoadBalancingBroker(clients: place.frontend, workers: place.backend)
                try await running(broker) {
                    let a = try place.idleWorker("a", of: broker)
                    let b = try place.idleWorker("b", of: broker)
                    let (one, two) = (try place.client(), try place.client())
                    try one.send("1")
                    let first = try a.take()
                    #expect(first.text == "1")
                    try two.send("2")
                    let second = try b.take()
                    #expect(second.text == "2")
                    // The other way round: b has been idle longer.
                    try b.answer(second.envelope, "from b")
                    #expect(try two.text() == "from b")
                    try a.answer(first.envelope, "from a")
                    #expect(try one.text() == "from a")
                    try one.send("3")
                    let third = try b.take()
                    #expect(third.text == "3")
                    try b.answer(third.envelope, "3")
                    #expect(try one.text() == "3")
                    #expect(
                        eventually {
                            let now = broker.statistics
                            return now.replies == 3 && now.idleWorkers == 2 && now.busyWorkers == 0
                        })
                    #expect(eventually { broker.statistics.requests == 3 })
                }
            }
        }

        /// What nobody can do is left where it is: the clients' high-water mark holds.
        @Test(arguments: Way.allCases)
        func requestsWaitForWorkers(way: Way) async throws {
            try await withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 5
                    $0.receiveHighWaterMark = 5
                    $0.sendBufferBytes = 4096
                    $0.receiveBufferBytes = 4096
                }
                let place = try BrokerPlace(context, way, options: options)
                let broker = LoadBalancingBroker(clients: place.frontend, workers: place.backend)
                try await running(broker) {
                    let client = try DealerSocket(context: context, options: options)
                    try client.connect(place.asks)
                    let body = [UInt8](repeating: 7, count: 100_000)
                    var sent = 0
                    let sends = { code { try client.send(parts: [[], body], .dontWait) } == nil }
                    while sent < 1000, eventually(within: 100, sends) { sent += 1 }
                    #expect((1..<1000).contains(sent))
                    #expect(broker.statistics.requests == 0)
                    let worker = try place.worker("late")
                    for _ in 0..<sent {
                        let request = try worker.take()
                        try worker.answer(request.envelope, "done")
                        #expect(try client.parts() == [[], bytes("done")])
                    }
                    #expect(eventually { broker.statistics.replies == sent })
                }
            }
        }

        @Test(arguments: Way.allCases)
        func anotherDoesWhatALostOneHad(way: Way) async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, way)
                var options = LoadBalancingBroker.Options()
                options.checkIntervalMilliseconds = 10
                let broker = LoadBalancingBroker(
                    clients: place.frontend, workers: place.backend, options: options)
                try await running(broker) {
                    // One that goes while it is idle, and one that goes with a request.
                    try place.idleWorker("idle", of: broker).socket.close()
                    #expect(eventually { !place.backend.isConnected(to: bytes("idle")) })
                    let client = try place.client()
                    try client.send("x")
                    let lost = try place.worker("lost")
                    #expect(try lost.take().text == "x")
                    #expect(place.backend.isConnected(to: bytes("lost")))
                    lost.socket.close()
                    let other = try place.worker("other")
                    let again = try other.take()
                    #expect(again.text == "x")
                    // Its answer counts, though it goes at once.
                    try other.socket.setOptions { $0.lingerMilliseconds = -1 }
                    try other.answer(again.envelope, "y")
                    other.socket.close()
                    #expect(try client.text() == "y")
                    #expect(
                        eventually {
                            broker.statistics.requests == 1 && broker.statistics.retries == 1
                        })
                    #expect(broker.statistics.lost == 0)
                }
            }
        }

        /// A request that goes down with every worker is reported, and the client can be told.
        @Test func whatCannotBeDone() async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, .tcp)
                var options = LoadBalancingBroker.Options()
                options.checkIntervalMilliseconds = 10
                options.attemptsPerRequest = 2
                options.readyFrame = bytes("here")
                let frontend = place.frontend
                let broker = LoadBalancingBroker(
                    clients: place.frontend, workers: place.backend, options: options
                ) { request, loss in
                    #expect(loss == .attemptsExhausted)
                    let envelope = Array(request.parts.dropLast())
                    try? frontend.send(parts: envelope + [bytes("sorry")], .dontWait)
                }
                try await running(broker) {
                    let client = try place.client()
                    try client.send("a bomb")
                    for name in ["a", "b"] {
                        let worker = try BrokerHand(context, place.works, name)
                        try worker.socket.send("here")
                        #expect(try worker.take().text == "a bomb")
                        worker.socket.close()
                    }
                    #expect(try client.text() == "sorry")
                    #expect(
                        eventually {
                            broker.statistics.lost == 1 && broker.statistics.retries == 1
                        })
                    #expect(eventually { broker.statistics.busyWorkers == 0 })
                }
            }
        }

        /// Who is late, begins anew or answers others loses its request; a client gets one answer, its own.
        @Test func workersThatMisbehave() async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, .tcp)
                var options = LoadBalancingBroker.Options()
                options.checkIntervalMilliseconds = 5
                options.answerTimeoutMilliseconds = 50
                let broker = LoadBalancingBroker(
                    clients: place.frontend, workers: place.backend, options: options)
                try await running(broker) {
                    let client = try place.client()
                    try client.send("1")
                    let late = try DealerSocket(context: context, options: .test)
                    try late.connect(place.works)
                    // With the empty frame or without.
                    try late.send("READY")
                    let first = try late.parts()
                    #expect(first.last == bytes("1") && first.count == 4)
                    let good = try place.worker("good")
                    let second = try good.take()
                    #expect(second.text == "1")
                    try late.send(parts: Array(first.dropLast()) + [bytes("too late")])
                    #expect(eventually { broker.statistics.unexpected == 1 })
                    try good.answer([bytes("somebody"), []], "not asked")
                    #expect(eventually { broker.statistics.unexpected == 2 })
                    // It works on the request as before; in time or not, somebody answers.
                    let answering = Worker {
                        while let parts = try? late.parts() {
                            try late.send(parts: Array(parts.dropLast()) + [bytes("2")])
                        }
                    }
                    #expect(try client.text() == "2")
                    #expect(eventually { broker.statistics.replies == 1 })
                    late.close()
                    try answering.join()
                }
            }
        }

        @Test func aWorkerThatBeginsAnew() async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, .tcp)
                let broker = LoadBalancingBroker(clients: place.frontend, workers: place.backend)
                try await running(broker) {
                    let client = try place.client()
                    let worker = try DealerSocket(context: context, options: .test)
                    try worker.connect(place.works)
                    try worker.send(parts: [[], bytes("READY")])
                    try client.send("x")
                    _ = try worker.receive()
                    try worker.send(parts: [[], bytes("READY")])
                    let parts = try worker.parts()
                    try worker.send(parts: Array(parts.dropLast()) + [bytes("y")])
                    #expect(try client.text() == "y")
                    #expect(eventually { broker.statistics.retries == 1 })
                    // The client is gone when its answer comes.
                    try client.send("z")
                    let last = try worker.parts()
                    client.close()
                    #expect(eventually { !place.frontend.isConnected(to: last[1]) })
                    try worker.send(parts: Array(last.dropLast()) + [bytes("nobody")])
                    #expect(eventually { broker.statistics.undelivered == 1 })
                }
            }
        }

        /// What is under way is finished, or reported.
        @Test(arguments: ["finish", "stop", "cancel", "close"])
        func ends(how: String) async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, .tcp)
                let losses = Locked<[String]>([])
                let broker = LoadBalancingBroker(clients: place.frontend, workers: place.backend) {
                    request, loss in
                    #expect(loss == .brokerEnded)
                    losses.withLock { $0.append(request.string(request.count - 1) ?? "?") }
                }
                let running = Task { try await broker.run() }
                let (one, two) = (try place.client(), try place.client())
                let begin = Worker {
                    let worker = try place.worker("w")
                    try one.send("begun")
                    let request = try worker.take()
                    try two.send("not begun")
                    return (worker, request.envelope)
                }
                let (worker, envelope) = try await finished(begin)
                #expect(await asyncCode { try await broker.run() } == .invalidState)
                switch how {
                case "finish":
                    broker.finish()
                    try await Task.sleep(for: .milliseconds(20))
                    try await finished(Worker { try worker.answer(envelope, "done") })
                    try await running.value
                    #expect(try await finished(Worker { try one.text() }) == "done")
                case "stop":
                    broker.stop()
                    try await running.value
                    #expect(await asyncCode { try await broker.run() } == .invalidState)
                case "cancel":
                    running.cancel()
                    #expect(await asyncCode { try await running.value } == .cancelled)
                default:
                    place.backend.close()
                    #expect(await asyncCode { try await running.value } == .closed)
                }
                #expect(losses.withLock { $0 } == (how == "finish" ? [] : ["begun"]))
                #expect(broker.statistics.busyWorkers == 0)
            }
        }

        /// Many clients, and workers that die at random: every request has its one answer.
        @Test func manyOfThem() async throws {
            try await withContext { context in
                let place = try BrokerPlace(context, .tcp)
                var options = LoadBalancingBroker.Options()
                options.checkIntervalMilliseconds = 5
                options.attemptsPerRequest = 1000
                let broker = LoadBalancingBroker(
                    clients: place.frontend, workers: place.backend, options: options)
                let serving = Worker { try broker.runBlocking() }
                let isOver = Locked(false)
                let workers = (0..<3).map { index in
                    Worker {
                        var count = index
                        while !isOver.withLock({ $0 }) {
                            let worker = try BrokerHand(context, place.works, "")
                            try worker.socket.setOptions { $0.receiveTimeoutMilliseconds = 50 }
                            try worker.socket.send("READY")
                            while let request = try? worker.take() {
                                count += 1
                                if count % 17 == 0 { break }
                                try worker.answer(request.envelope, "re: \(request.text)")
                            }
                            worker.socket.close()
                        }
                    }
                }
                let clients = (0..<4).map { index in
                    Worker {
                        let client = try place.client()
                        for round in 0..<100 {
                            try client.send("\(index) \(round)")
                            #expect(try client.text() == "re: \(index) \(round)")
                        }
                    }
                }
                for client in clients { try await finished(client) }
                #expect(eventually { broker.statistics.replies == 400 })
                #expect(broker.statistics.requests == 400)
                #expect(broker.statistics.retries > 0 && broker.statistics.lost == 0)
                isOver.withLock { $0 = true }
                for worker in workers { try await finished(worker) }
                broker.stop()
                try await finished(serving)
            }
        }

        /// As `join`, without keeping a thread of the pool from the broker's tasks.
        @discardableResult
        private func finished<Value>(_ worker: Worker<Value>) async throws -> Value {
            while !worker.ends(within: 0) { try await Task.sleep(for: .milliseconds(2)) }
            return try worker.join()
        }
    }
}
