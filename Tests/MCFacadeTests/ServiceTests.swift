#if ServiceLifecycle
import MCFacade
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

extension FacadeTests {
    /// In a service group, with the package trait `ServiceLifecycle`.
    @Suite struct Services {
        private func finished<Value>(_ worker: Worker<Value>) async throws -> Value {
            while !worker.ends(within: 0) { try await Task.sleep(for: .milliseconds(2)) }
            return try worker.join()
        }

        @Test func aProxyStops() async throws {
            try await withContext { context in
                let proxy = Proxy(
                    from: try PullSocket(context: context, options: .test),
                    to: try PushSocket(context: context, options: .test))
                let service: any Service = proxy
                try await testGracefulShutdown { trigger in
                    async let running: Void = service.run()
                    try await Task.sleep(for: .milliseconds(20))
                    trigger.triggerGracefulShutdown()
                    try await running
                }
                #expect(await asyncCode { try await proxy.run() } == .invalidState)
            }
        }

        /// Answers what it has been asked, and nothing more.
        @Test func aBrokerFinishes() async throws {
            try await withContext { context in
                let clients = try RouterSocket(context: context, options: .test)
                let workers = try RouterSocket(context: context, options: .test)
                let asks = try clients.bind(Way.tcp.fresh)
                let works = try workers.bind(Way.tcp.fresh)
                let broker = LoadBalancingBroker(clients: clients, workers: workers)
                let service: any Service = broker
                try await testGracefulShutdown { trigger in
                    async let running: Void = service.run()
                    let worker = try ReqSocket(context: context, options: .test)
                    try worker.connect(works)
                    let client = try ReqSocket(context: context, options: .test)
                    try client.connect(asks)
                    let request = try await finished(
                        Worker {
                            try worker.send("READY")
                            try client.send("1")
                            return try worker.parts()
                        })
                    trigger.triggerGracefulShutdown()
                    try await Task.sleep(for: .milliseconds(20))
                    let answer = try await finished(
                        Worker {
                            try worker.send(parts: Array(request.dropLast()) + [bytes("2")])
                            return try client.text()
                        })
                    #expect(answer == "2")
                    try await running
                }
                #expect(broker.statistics.replies == 1 && broker.statistics.lost == 0)
                // A group that has shut down already runs it no more.
                try await testGracefulShutdown { trigger in
                    trigger.triggerGracefulShutdown()
                    let late = Proxy(from: clients, to: workers)
                    try await late.run()
                }
            }
        }
    }
}
#endif
