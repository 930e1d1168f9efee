import MCFacade
import Testing

extension FacadeTests {
    /// What a socket tells of its connections (zmq_socket_monitor(3)).
    @Suite struct Monitoring {
        /// The kinds of the events up to one of a kind.
        private func kinds(
            _ monitor: SocketMonitor, upTo last: SocketEvent.Kind
        ) throws -> [SocketEvent.Kind] {
            var all: [SocketEvent.Kind] = []
            while all.last != last {
                all.append(try #require(monitor.next(timeoutMilliseconds: patience)).kind)
            }
            return all
        }

        @Test(arguments: Way.streams)
        func aConnectionsLife(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let bound = router.monitor()
                let endpoint = try router.bind(way.fresh)
                let dealer = try DealerSocket(
                    context: context, options: .test { $0.routingID = bytes("me") })
                let dialled = dealer.monitor()
                try dealer.connect(endpoint)
                let dialling = try (0..<3).map { _ in
                    try #require(dialled.next(timeoutMilliseconds: patience))
                }
                #expect(
                    dialling.map(\.kind) == [.connectDelayed, .connected, .handshakeSucceeded])
                #expect(dialling.map(\.remoteEndpoint) == [endpoint, endpoint, endpoint])
                #expect(dialling[0].localEndpoint == "")
                let near = dialling[1].localEndpoint
                #expect(near.hasPrefix(way == .ipc ? "ipc://" : "tcp://127.0.0.1:"))
                #expect(near != endpoint && dialling[2].localEndpoint == near)
                let listening = try #require(bound.next(timeoutMilliseconds: patience))
                #expect(listening.kind == .listening && listening.endpoint == endpoint)
                #expect(listening.value > 0)
                #expect(listening.localEndpoint == endpoint && listening.remoteEndpoint == "")
                let accepted = try #require(bound.next(timeoutMilliseconds: patience))
                #expect(accepted.kind == .accepted && accepted.endpoint == endpoint)
                #expect(accepted.localEndpoint == endpoint && accepted.remoteEndpoint == near)
                let succeeded = try #require(bound.next(timeoutMilliseconds: patience))
                #expect(succeeded.kind == .handshakeSucceeded)
                #expect(succeeded.routingID == bytes("me"))

                dealer.close()
                #expect(try kinds(dialled, upTo: .monitorStopped).contains(.disconnected))
                #expect(dialled.next(timeoutMilliseconds: 0) == nil)
                let lost = try #require(bound.next(timeoutMilliseconds: patience))
                #expect(lost.kind == .disconnected && lost.reason != nil)
                #expect(lost.localEndpoint == endpoint && lost.remoteEndpoint == near)
                router.close()
                #expect(try kinds(bound, upTo: .monitorStopped) == [.closed, .monitorStopped])
            }
        }

        @Test func whatFails() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                let other = try PullSocket(context: context, options: .test)
                let failing = other.monitor()
                #expect(code { try other.bind(endpoint) } == .addressInUse)
                let failed = try #require(failing.next(timeoutMilliseconds: patience))
                #expect(failed.kind == .bindFailed && failed.endpoint == endpoint)
                #expect(failed.reason?.code == .addressInUse)

                // Nobody there: dialled again and again.
                let push = try PushSocket(context: context, options: .test)
                let dialling = push.monitor()
                try push.connect(try RawListener.freeEndpoint())
                #expect(
                    try kinds(dialling, upTo: .connectRetried)
                        == [.connectDelayed, .closed, .connectRetried])
            }
        }

        @Test func whatBreaksTheProtocol() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let monitor = pull.monitor()
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                _ = try kinds(monitor, upTo: .listening)
                let garbage = try RawPeer.connect(to: endpoint)
                try garbage.send([UInt8](repeating: 7, count: 64))
                #expect(
                    try kinds(monitor, upTo: .disconnected)
                        == [.accepted, .handshakeFailedProtocol, .disconnected])
                let wrong = try RawPeer.connect(to: endpoint)
                _ = try? wrong.shakeHands(as: "REQ")
                #expect(
                    try kinds(monitor, upTo: .disconnected)
                        == [.accepted, .handshakeFailedProtocol, .disconnected])
                do { _ = try RawPeer.connect(to: endpoint) }
                #expect(
                    try kinds(monitor, upTo: .disconnected)
                        == [.accepted, .handshakeFailedWithoutDetail, .disconnected])
            }
        }

        @Test func tasks() async throws {
            try await withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let monitor = pull.monitor()
                let cancelled = Task { await monitor.first { _ in true } }
                pause(20)
                cancelled.cancel()
                #expect(await cancelled.value == nil)
                let watching = Task { await monitor.map(\.kind).reduce(into: []) { $0.append($1) } }
                try pull.bind("tcp://127.0.0.1:*")
                pull.close()
                #expect(await watching.value == [.listening, .closed, .monitorStopped])
                // One that comes too late is over at once.
                pause(20)
                #expect(pull.monitor().next(timeoutMilliseconds: patience)?.kind == .monitorStopped)
            }
        }
    }
}
