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

        /// Connecting to a name whose socket closes or unbinds: it has met that socket, which is
        /// gone, or it waits for the next one. Never does it talk to who is not bound there.
        @Test(arguments: [true, false])
        func inprocConnectingMeetsUnbinding(closes: Bool) throws {
            try withContext { context in
                for round in 0..<scaled(1000) {
                    let endpoint = Way.inproc.fresh
                    let old = try PullSocket(context: context, options: .test)
                    try old.bind(endpoint)
                    let unbinding = Worker {
                        for _ in 0..<round % 40 { _ = old.lastEndpoint }
                        if closes { old.close() } else { try old.unbind(endpoint) }
                    }
                    let push = try PushSocket(context: context, options: .test)
                    try push.connect(endpoint)
                    try unbinding.join()
                    let next = try PullSocket(context: context, options: .test)
                    try next.bind(endpoint)
                    let isClear = try eventually(within: 2000) {
                        if code({ try push.send("x", .dontWait) }) == .wouldBlock { return true }
                        return try next.tryReceive() != nil
                    }
                    #expect(isClear, "in round \(round)")
                    if !closes { #expect(try old.tryReceive() == nil, "in round \(round)") }
                    guard isClear else { return }
                    for socket in [push, next, old] as [Socket] { socket.close() }
                }
            }
        }

        /// An endpoint is disconnected while its connection shakes hands: whichever comes first,
        /// the pipe goes once.
        @Test(arguments: Way.streams)
        func disconnectingMeetsTheHandshake(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let push = try PushSocket(context: context, options: .test)
                // Sooner or later, from before the first byte to after the last.
                for round in 0..<1500 {
                    let moment = ContinuousClock.now + .microseconds(round % 500)
                    try push.connect(endpoint)
                    while ContinuousClock.now < moment {}
                    try push.disconnect(endpoint)
                }
                #expect(code { try push.send("nobody", .dontWait) } == .wouldBlock)
                try push.connect(endpoint)
                try push.send("somebody")
                #expect(try pull.text() == "somebody")
            }
        }

        /// A task that waits is cancelled, or its socket closed, while what was sent before is
        /// still being written: it ends in any case.
        @Test(arguments: [true, false])
        func waitingInATaskMeets(cancelling: Bool) async throws {
            try await withContext { context in
                let server = try DealerSocket(context: context, options: .test)
                let endpoint = try server.bind(Way.tcp.fresh)
                let serving = Worker { while (try? server.receive()) != nil {} }
                var client = try DealerSocket(context: context, options: .test)
                try client.connect(endpoint)
                for round in 0..<scaled(1000) {
                    let socket = client
                    // In a burst, so that they are written by whoever goes to sleep.
                    for _ in 0..<3 { try await socket.send("x") }
                    let waiting = Task { await asyncCode { _ = try await socket.receive() } }
                    for _ in 0..<round % 50 { _ = socket.lastEndpoint }
                    if cancelling {
                        waiting.cancel()
                        #expect(await waiting.value == .cancelled)
                    } else {
                        socket.close()
                        #expect(await waiting.value == .closed)
                        client = try DealerSocket(context: context, options: .test)
                        try client.connect(endpoint)
                    }
                }
                server.close()
                try serving.join()
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
