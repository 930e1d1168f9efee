import MCFacade
import MCLock
import Testing

extension FacadeTests {
    /// Who waits in a socket is woken when it is closed, and loses nothing when cancelled.
    @Suite struct Waking {
        enum End: String, CaseIterable, CustomTestStringConvertible {
            case socketClose
            case contextClose
            var testDescription: String { rawValue }
            var code: SocketError.Code { self == .socketClose ? .closed : .terminated }
        }

        private func end(_ end: End, _ socket: Socket, _ context: Context) {
            switch end {
            case .socketClose: socket.close()
            case .contextClose: context.close()
            }
        }

        private static let forEver = SocketOptions.test {
            $0.receiveTimeoutMilliseconds = -1
            $0.sendTimeoutMilliseconds = -1
        }

        /// With no peer, and with one (then a receiver reads for itself).
        @Test(arguments: End.allCases, [true, false])
        func blockedReceivers(end: End, hasPeer: Bool) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: Self.forEver)
                let push = try PushSocket(context: context, options: .test)
                if hasPeer {
                    try push.connect(try pull.bind("tcp://127.0.0.1:*"))
                    try push.send("hello")
                    _ = try pull.receive()
                }
                let waiting = (0..<8).map { _ in Worker { code { _ = try pull.receive() } } }
                pause(50)
                self.end(end, pull, context)
                for worker in waiting { #expect(try worker.join() == end.code) }
                #expect(code { _ = try pull.receive() } == end.code)
            }
        }

        @Test(arguments: End.allCases)
        func blockedSenders(end: End) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: Self.forEver)
                let waiting = (0..<8).map { _ in Worker { code { try push.send("x") } } }
                pause(50)
                self.end(end, push, context)
                for worker in waiting { #expect(try worker.join() == end.code) }
                #expect(code { try push.send("x") } == end.code)
            }
        }

        @Test(arguments: End.allCases)
        func suspendedTasks(end: End) async throws {
            try await withContext { context in
                let pull = try PullSocket(context: context, options: Self.forEver)
                let push = try PushSocket(context: context, options: Self.forEver)
                let tasks = (0..<200).map { index in
                    Task {
                        await asyncCode {
                            if index % 2 == 0 {
                                _ = try await pull.receive()
                            } else {
                                try await push.send("x")
                            }
                        }
                    }
                }
                let iteration = Task {
                    var count = 0
                    for try await _ in pull.messages { count += 1 }
                    return count
                }
                try await Task.sleep(for: .milliseconds(50))
                self.end(end, pull, context)
                self.end(end, push, context)
                for task in tasks { #expect(await task.value == end.code) }
                // The loop just ends.
                #expect(try await iteration.value == 0)
            }
        }

        /// Closing again and again, while threads come and go.
        @Test(arguments: Way.allCases)
        func closingInTheMiddle(way: Way) throws {
            for round in 0..<60 {
                try withContext { context in
                    let (push, pull) = try pipeline(context, way, options: Self.forEver)
                    let receiving = (0..<2).map { _ in
                        Worker {
                            while code({ _ = try pull.receive() }) == nil {}
                            return code { _ = try pull.receive() }
                        }
                    }
                    let sending = (0..<2).map { _ in
                        Worker {
                            while code({ try push.send("x") }) == nil {}
                            return code { try push.send("x") }
                        }
                    }
                    pause(round % 7)
                    if round % 2 == 0 {
                        pull.close()
                        push.close()
                        for worker in receiving + sending { #expect(try worker.join() == .closed) }
                    } else {
                        context.close()
                        for worker in receiving + sending {
                            #expect(try worker.join() == .terminated)
                        }
                    }
                }
            }
        }

        @Test func afterClosing() throws {
            let context = Context()
            let pair = try PairSocket(context: context, options: .test)
            pair.close()
            pair.close()
            #expect(code { _ = try pair.receive() } == .closed)
            #expect(code { _ = try pair.tryReceive() } == .closed)
            #expect(code { try pair.send("x") } == .closed)
            #expect(code { try pair.bind("inproc://x") } == .closed)
            #expect(code { try pair.connect("inproc://x") } == .closed)
            #expect(code { try pair.onMessage { _ in } } == .closed)
            #expect(code { _ = try pair.events() } == .closed)
            #expect(code { _ = try pair.pollDescriptor() } == .closed)
            context.close()
            context.close()
            #expect(code { _ = try PairSocket(context: context) } == .terminated)
        }

        @Test func droppedSocketsCloseThemselves() throws {
            let context = Context()
            let endpoint = try Way.tcp.reserved()
            for _ in 0..<20 {
                let pull = try PullSocket(context: context, options: .test)
                #expect(code { try pull.bind(endpoint) } == nil)
            }
            // Nothing keeps the context waiting.
            let time = elapsed { context.close() }
            #expect(time < 1000)
        }

        // MARK: Cancelling

        @Test(arguments: Way.allCases)
        func cancellingLosesNoMessage(way: Way) async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, way)
                let total = 2000
                let sender = Worker {
                    for index in 0..<total {
                        try push.send("\(index)")
                        if index % 16 == 0 { pause(0) }
                    }
                }
                let box = Strings()
                var cancelled = 0
                let deadline = ContinuousClock.now + .seconds(20)
                while box.count < total, ContinuousClock.now < deadline {
                    let tasks = (0..<4).map { _ in
                        Task {
                            while !Task.isCancelled {
                                let message = try await pull.receive()
                                box.add(message.string() ?? "?")
                            }
                        }
                    }
                    try await Task.sleep(for: .microseconds(Int.random(in: 0...800)))
                    for task in tasks { task.cancel() }
                    for task in tasks {
                        if case .failure(let error) = await task.result {
                            #expect((error as? SocketError)?.code == .cancelled)
                            cancelled += 1
                        }
                    }
                }
                try sender.join()
                #expect(box.sorted == (0..<total).map { "\($0)" }.sorted())
                #expect(cancelled > 0)
            }
        }

        final class Strings: Sendable {
            private let state = Locked<[String]>([])
            var count: Int { state.withLock { $0.count } }
            var sorted: [String] { state.withLock { $0.sorted() } }
            func add(_ text: String) { state.withLock { $0.append(text) } }
        }

        @Test func cancelledTasksEnd() async throws {
            try await withContext { context in
                let pull = try PullSocket(context: context, options: Self.forEver)
                let push = try PushSocket(context: context, options: Self.forEver)
                let receiving = Task { await asyncCode { _ = try await pull.receive() } }
                let sending = Task { await asyncCode { try await push.send("x") } }
                let iteration = Task { for try await _ in pull.messages {} }
                try await Task.sleep(for: .milliseconds(30))
                for task in [receiving, sending] {
                    task.cancel()
                    #expect(await task.value == .cancelled)
                }
                iteration.cancel()
                try await iteration.value
                // A task that is cancelled already does not wait either.
                let late = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return await asyncCode { _ = try await pull.receive() }
                }
                #expect(await late.value == .cancelled)
                // The socket goes on.
                try push.connect(try pull.bind("inproc://\(uniqueName())"))
                try await push.send("after")
                #expect(try await pull.asyncText() == "after")
            }
        }
    }
}
