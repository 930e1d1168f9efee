import MCFacade
import MCTestSupport
import Testing

extension FacadeTests {
    /// Two threads do at once what is mostly done one after the other.
    @Suite struct Races {
        /// However binding and disconnecting meet, no dead peer stays behind.
        @Test func inprocBindingMeetsDisconnecting() throws {
            try withContext { context in
                for round in 0..<scaled(1500) {
                    let endpoint = Way.inproc.fresh
                    let push = try PushSocket(context: context, options: .test)
                    let pull = try PullSocket(context: context, options: .test)
                    try pull.connect(endpoint)
                    let binding = Worker {
                        for _ in 0..<round % 40 { _ = push.lastEndpoint }
                        try push.bind(endpoint)
                    }
                    for _ in 0..<round % 23 { _ = pull.lastEndpoint }
                    if round % 2 == 0 { try pull.disconnect(endpoint) } else { pull.close() }
                    try binding.join()
                    let isAlone = eventually(within: 2000) {
                        code { try push.send("nobody", .dontWait) } == .wouldBlock
                    }
                    #expect(isAlone, "in round \(round)")
                    if !isAlone { return }
                    push.close()
                }
            }
        }

        /// Connecting to a name whose socket closes: refused, or waiting for the next, never stuck.
        @Test func inprocConnectingMeetsClosing() throws {
            try withContext { context in
                for round in 0..<scaled(1000) {
                    let endpoint = Way.inproc.fresh
                    let old = try PullSocket(context: context, options: .test)
                    try old.bind(endpoint)
                    let closing = Worker {
                        for _ in 0..<round % 40 { _ = old.lastEndpoint }
                        old.close()
                    }
                    let push = try PushSocket(context: context, options: .test)
                    let refused = code { try push.connect(endpoint) }
                    try closing.join()
                    let next = try PullSocket(context: context, options: .test)
                    try next.bind(endpoint)
                    #expect(refused == nil, "in round \(round)")
                    guard refused == nil else { return }
                    push.close()
                    next.close()
                }
            }
        }

        /// A context closes while threads make sockets in it: they get sockets or `terminated`, and
        /// closing ends.
        @Test func makingSocketsMeetsClosingTheContext() throws {
            for round in 0..<scaled(200) {
                let context = Context()
                let makers = (0..<2).map { _ in
                    Worker { () -> SocketError.Code? in
                        // Kept open, so that only the context can close them.
                        var sockets: [PairSocket] = []
                        defer { withExtendedLifetime(sockets) {} }
                        for _ in 0..<200 {
                            let made = code {
                                let pair = try PairSocket(context: context, options: .test)
                                sockets.append(pair)
                            }
                            if let made { return made }
                        }
                        return nil
                    }
                }
                for _ in 0..<round * 10 { _ = uniqueName() }
                let closing = Worker { context.close() }
                for maker in makers {
                    let code = try maker.join()
                    #expect(code == nil || code == .terminated || code == .tooManyDescriptors)
                }
                try closing.join()
            }
        }

        /// Sockets are closed by several threads, and used meanwhile.
        @Test(arguments: Way.allCases)
        func everybodyCloses(way: Way) throws {
            for _ in 0..<scaled(100) {
                try withContext { context in
                    let pull = try PullSocket(context: context, options: .test)
                    let push = try PushSocket(context: context, options: .test)
                    let endpoint = try pull.bind(way.fresh)
                    try push.connect(endpoint)
                    let work: [Worker<Void>] = [
                        Worker { for _ in 0..<3 { pull.close() } },
                        Worker { for _ in 0..<3 { push.close() } },
                        Worker { _ = try? push.disconnect(endpoint) },
                        Worker { _ = try? pull.unbind(endpoint) },
                        Worker { _ = try? push.send("x", .dontWait) },
                        Worker { _ = try? pull.tryReceive() },
                    ]
                    for worker in work { try worker.join() }
                    #expect(code { try push.send("x") } == .closed)
                }
            }
        }
    }
}
