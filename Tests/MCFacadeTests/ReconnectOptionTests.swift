import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// When a connection is dialled again, and when not.
    @Suite struct Reconnecting {
        private func kinds(
            _ monitor: SocketMonitor, upTo last: SocketEvent.Kind
        ) throws -> [SocketEvent.Kind] {
            var all: [SocketEvent.Kind] = []
            while all.last != last {
                all.append(try #require(monitor.next(timeoutMilliseconds: patience)).kind)
            }
            return all
        }

        /// Nothing more happens, and the endpoint is not the socket's any more.
        private func expectEnd(
            of socket: Socket, at endpoint: String, _ monitor: SocketMonitor
        ) {
            #expect(monitor.next(timeoutMilliseconds: 150)?.kind == nil)
            do throws(SocketError) {
                try socket.disconnect(endpoint)
                Issue.record("it is still connected")
            } catch {
                #expect(error.number == ENOENT)
            }
        }

        private func bounce(_ one: PairSocket, _ other: PairSocket) throws {
            for (from, to) in [(one, other), (other, one)] {
                try from.send("ball")
                #expect(try to.text() == "ball")
            }
        }

        // MARK: RECONNECT_IVL

        /// An endpoint that is not dialled again leaves room for the next.
        @Test(arguments: ["tcp://127.0.0.1:*", "tcp://[::1]:*", Way.ipc.fresh])
        func never(text: String) throws {
            try withContext { context in
                let bound = try PairSocket(context: context, options: .test)
                let endpoint = try bound.bind(text)
                let dialled = try PairSocket(
                    context: context, options: .test { $0.reconnectIntervalMilliseconds = -1 })
                let monitor = dialled.monitor()
                try dialled.connect(endpoint)
                try bounce(bound, dialled)
                try bound.unbind(endpoint)
                _ = try kinds(monitor, upTo: .disconnected)
                expectEnd(of: dialled, at: endpoint, monitor)
                #expect(code { try dialled.send("nobody", .dontWait) } == .wouldBlock)
                #expect(try bound.bind(endpoint) == endpoint)
                #expect(monitor.next(timeoutMilliseconds: 100)?.kind == nil)
                #expect(code { try dialled.send("nobody", .dontWait) } == .wouldBlock)
                try dialled.connect(endpoint)
                try bounce(bound, dialled)
            }
        }

        /// What was sent to nobody keeps nobody waiting.
        @Test(arguments: Way.streams)
        func neverAndClosed(way: Way) throws {
            let context = Context()
            let push = try PushSocket(
                context: context,
                options: .test {
                    $0.reconnectIntervalMilliseconds = -1
                    $0.lingerMilliseconds = -1
                })
            try push.connect(try way.reserved())
            _ = try? push.send("nobody", .dontWait)
            push.close()
            let closing = Worker { context.close() }
            #expect(closing.ends(within: 5000))
        }

        /// Every attempt is told with its pause, which doubles up to the maximum.
        @Test func pauses() throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.reconnectIntervalMilliseconds = 10
                        $0.reconnectIntervalMaxMilliseconds = 60
                    })
                let monitor = push.monitor()
                try push.connect(try Way.tcp.reserved())
                var pauses: [Int] = []
                while pauses.count < 5 {
                    let event = try #require(monitor.next(timeoutMilliseconds: patience))
                    if event.kind == .connectRetried { pauses.append(event.value) }
                }
                for (pause, base) in zip(pauses, [10, 20, 40, 60, 60]) {
                    #expect((base...min(base + 10, 60)).contains(pause), "\(pauses)")
                }
            }
        }

        // MARK: RECONNECT_STOP

        @Test(arguments: Way.streams)
        func refused(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let push = try PushSocket(
                    context: context, options: .test { $0.reconnectStop = .connectionRefused })
                let monitor = push.monitor()
                try push.connect(endpoint)
                try push.send("x")
                #expect(try pull.text() == "x")
                #expect(
                    try kinds(monitor, upTo: .handshakeSucceeded)
                        == [.connectDelayed, .connected, .handshakeSucceeded])
                // To be lost is no refusal, but nobody is there then.
                pull.close()
                #expect(
                    try kinds(monitor, upTo: .connectRetried) == [.disconnected, .connectRetried])
                if way == .tcp {
                    #expect(try kinds(monitor, upTo: .closed) == [.connectDelayed, .closed])
                }
                expectEnd(of: push, at: endpoint, monitor)
            }
        }

        /// A path without a file is nobody's, too.
        @Test func noPath() throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.reconnectStop = .connectionRefused })
                let monitor = push.monitor()
                let endpoint = "ipc:///tmp/\(uniqueName())"
                try push.connect(endpoint)
                expectEnd(of: push, at: endpoint, monitor)
            }
        }

        /// What was sent to an endpoint that is given up goes to the others.
        @Test func othersTakeOver() throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.reconnectStop = .handshakeFailed })
                let silent = try RawListener()
                try push.connect(silent.endpoint)
                for index in 0..<10 { try push.send("\(index)") }
                let pull = try PullSocket(context: context, options: .test)
                try push.connect(try pull.bind("tcp://127.0.0.1:*"))
                // Once the connection is lost.
                do { _ = try silent.accept() }
                let all = try (0..<10).map { _ in try pull.text() }
                #expect(all == (0..<10).map { "\($0)" })
            }
        }

        @Test(arguments: [false, true])
        func failedHandshake(answers: Bool) throws {
            try withContext { context in
                let listener = try RawListener()
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.reconnectStop = .handshakeFailed
                        $0.handshakeIntervalMilliseconds = 100
                    })
                let monitor = push.monitor()
                try push.connect(listener.endpoint)
                let peer = try listener.accept()
                if answers { try peer.send([UInt8](repeating: 7, count: 64)) }
                #expect(
                    try kinds(monitor, upTo: .disconnected) == [
                        .connectDelayed, .connected,
                        answers ? .handshakeFailedProtocol : .handshakeFailedWithoutDetail,
                        .disconnected,
                    ])
                expectEnd(of: push, at: listener.endpoint, monitor)
                #expect(try listener.acceptIfAny(within: 50) == nil)
            }
        }

        /// One reason is not the other.
        @Test(arguments: [ReconnectStop.connectionRefused, .afterDisconnect, []])
        func otherReasons(stop: ReconnectStop) throws {
            try withContext { context in
                let listener = try RawListener()
                let push = try PushSocket(
                    context: context, options: .test { $0.reconnectStop = stop })
                #expect(push.options.reconnectStop == stop)
                try push.connect(listener.endpoint)
                for _ in 0..<3 { _ = try listener.accept() }
                if stop.contains(.connectionRefused) { return }
                let monitor = push.monitor()
                try push.connect(try RawListener.freeEndpoint())
                for _ in 0..<3 { _ = try kinds(monitor, upTo: .connectRetried) }
            }
        }

        /// A disconnected endpoint is dialled on for what was sent there, unless the option forbids it.
        @Test(arguments: [false, true], Way.streams)
        func afterDisconnect(stops: Bool, way: Way) throws {
            try withContext { context in
                let endpoint = try way.reserved()
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.lingerMilliseconds = -1
                        $0.reconnectStop = stops ? .afterDisconnect : []
                    })
                let monitor = push.monitor()
                try push.connect(endpoint)
                try push.send("left behind")
                _ = try kinds(monitor, upTo: .connectRetried)
                try push.disconnect(endpoint)
                if stops {
                    let isQuiet = eventually { monitor.next(timeoutMilliseconds: 100) == nil }
                    #expect(isQuiet)
                } else {
                    let pull = try PullSocket(context: context, options: .test)
                    try pull.bind(endpoint)
                    #expect(try pull.text() == "left behind")
                }
                // Nothing waits to be sent: closing the context returns.
            }
        }

        @Test func unknownReasons() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                for value in [8, -1, 15] {
                    #expect(
                        code {
                            try push.setOptions {
                                $0.reconnectStop = ReconnectStop(rawValue: value)
                            }
                        } == .invalidOption)
                }
            }
        }
    }
}
