import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// What endpoints are called when they are taken back, and the error numbers of those that cannot
    /// be had: libzmq's, which a C program decides by.
    @Suite struct EndpointNames {
        private func number(_ body: () throws -> Void) -> Int32 {
            do {
                try body()
                return 0
            } catch {
                return (error as? SocketError)?.number ?? -1
            }
        }

        // MARK: Numbers

        static let refused: [(String, Int32)] = [
            ("", EINVAL), ("tcp://", EINVAL), ("://127.0.0.1:1", EINVAL),
            ("tcp://127.0.0.1", EINVAL), ("tcp://127.0.0.1:port", EINVAL),
            ("tcp://in val id:1234", EINVAL), ("ipc://@", EINVAL), ("inproc://", EINVAL),
            ("invalid://localhost:1234", EPROTONOSUPPORT),
            ("pgm://eth0;239.192.1.1:5555", EPROTONOSUPPORT),
            ("epgm://eth0;239.192.1.1:5555", EPROTONOSUPPORT),
            ("norm://127.0.0.1:5555", EPROTONOSUPPORT), ("tipc://{1,2}", EPROTONOSUPPORT),
            ("vmci://*:1", EPROTONOSUPPORT), ("ws://127.0.0.1:80", EPROTONOSUPPORT),
            ("wss://127.0.0.1:80", EPROTONOSUPPORT), ("gssapi://x", EPROTONOSUPPORT),
            ("udp://127.0.0.1:5555", SocketError.Number.incompatibleTransport),
            ("ipc://" + String(repeating: "x", count: 108), ENAMETOOLONG),
        ]

        @Test(arguments: refused)
        func whatIsNoEndpoint(text: String, expected: Int32) throws {
            try withContext { context in
                let dealer = try DealerSocket(context: context, options: .test)
                #expect(number { try dealer.bind(text) } == expected)
                #expect(number { try dealer.connect(text) } == expected)
                #expect(dealer.lastEndpoint == "")
            }
        }

        @Test(arguments: [
            ("tcp://127.0.0.1:0", 0), ("tcp://192.0.2.1:5555", EADDRNOTAVAIL),
            ("tcp://no-such-interface:*", ENODEV), ("ipc:///no/such/directory/x", ENOENT),
        ])
        func whatCannotBeBound(text: String, expected: Int32) throws {
            try withContext { context in
                let dealer = try DealerSocket(context: context, options: .test)
                #expect(number { try dealer.bind(text) } == expected)
            }
        }

        /// Refused at once, not time and again by whoever dials.
        @Test(arguments: [
            "tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://localhost:*",
            "tcp://lo:*;127.0.0.1:*", "ipc://*",
        ])
        func whatCannotBeConnectedTo(text: String) throws {
            try withContext { context in
                let dealer = try DealerSocket(context: context, options: .test)
                #expect(number { try dealer.connect(text) } == EINVAL)
            }
        }

        /// Of a name, an interface or a path that does not exist it may exist later.
        @Test(arguments: [
            "tcp://127.0.0.1:0;localhost:1234", "tcp://localhost:5555;localhost:1235",
            "tcp://lo:5555;localhost:1235", "tcp://[::1]:0;[::1]:1236", "tcp://[::1]:1237",
            "tcp://no-such-name.invalid:1", "ipc:///no/such/directory/x",
        ])
        func whatMayBeThereLater(text: String) throws {
            try withContext { context in
                let publisher = try PubSocket(context: context, options: .test)
                try publisher.connect(text)
                #expect(publisher.lastEndpoint == text)
                try publisher.disconnect(text)
            }
        }

        @Test(arguments: Way.allCases)
        func whatIsInUse(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                #expect(number { try pull.bind(endpoint) } == EADDRINUSE)
                let other = try PullSocket(context: context, options: .test)
                #expect(number { try other.bind(endpoint) } == EADDRINUSE)
            }
        }

        @Test func whatIsClosed() throws {
            let context = Context()
            let pull = try PullSocket(context: context, options: .test)
            let other = try PullSocket(context: context, options: .test)
            pull.close()
            #expect(number { try pull.bind("tcp://127.0.0.1:*") } == ENOTSOCK)
            context.close()
            #expect(
                number { try other.connect("tcp://127.0.0.1:1") } == SocketError.Number.terminated)
        }

        // MARK: Taking back

        /// By the real endpoint: what `*` was is known to nobody who reads the text.
        @Test(arguments: [
            "tcp://127.0.0.1:*", "tcp://*:*", "tcp://[::1]:*", "tcp://lo:*", "ipc://*",
        ])
        func wildcards(text: String) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test { $0.ipv6 = true })
                let first = try pull.bind(text)
                let second = try pull.bind(text)
                #expect(first != second && pull.lastEndpoint == second)
                #expect(number { try pull.unbind(text) } == ENOENT)
                try pull.unbind(first)
                #expect(number { try pull.unbind(first) } == ENOENT)
                try reach(pull, context)
                try pull.unbind(pull.lastEndpoint)
            }
        }

        private func reach(_ pull: PullSocket, _ context: Context) throws {
            let push = try PushSocket(context: context, options: .test)
            try push.connect(pull.lastEndpoint)
            try push.send("here")
            #expect(try pull.text() == "here")
            try push.disconnect(pull.lastEndpoint)
        }

        /// A text that says the same with other words will do.
        @Test(arguments: [
            ("lo", "lo"), ("lo", "127.0.0.1"), ("127.0.0.1", "lo"), ("*", "*"), ("*", "0.0.0.0"),
            ("127.0.0.1", "localhost"), ("[0:0:0:0:0:0:0:1]", "[::1]"), ("[::1]", "::1"),
        ])
        func sameEndpoints(bound: String, takenBack: String) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let port = try freePort()
                try pull.bind("tcp://\(bound):\(port)")
                try pull.unbind("tcp://\(takenBack):\(port)")
                #expect(number { try pull.unbind(pull.lastEndpoint) } == ENOENT)
            }
        }

        private func freePort() throws -> String {
            let endpoint = try RawListener.freeEndpoint()
            return String(try #require(endpoint.split(separator: ":").last))
        }

        @Test func othersEndpoints() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                let push = try PushSocket(context: context, options: .test)
                try push.connect(endpoint)
                #expect(number { try push.unbind(endpoint) } == ENOENT)
                #expect(number { try pull.disconnect(endpoint) } == ENOENT)
                #expect(number { try push.disconnect("tcp://localhost:1") } == ENOENT)
                #expect(number { try push.disconnect("inproc://nobody") } == ENOENT)
                #expect(number { try push.disconnect("no endpoint") } == EINVAL)
                #expect(number { try push.unbind("invalid://x") } == EPROTONOSUPPORT)
            }
        }

        // MARK: Connecting twice

        /// Sockets whose peers take turns, or are one, have no use for a second connection to the same
        /// one (the zmq_connect manual).
        @Test(arguments: Way.streams)
        func oneConnection(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let monitor = router.monitor()
                let endpoint = try router.bind(way.fresh)
                let dealer = try DealerSocket(context: context, options: .test)
                for _ in 0..<3 { try dealer.connect(endpoint) }
                try dealer.send("x")
                #expect(try router.parts().count == 2)
                pause(50)
                var accepted = 0
                while let event = monitor.tryNext() {
                    if event.kind == .accepted { accepted += 1 }
                }
                #expect(accepted == 1)
                try dealer.disconnect(endpoint)
                #expect(number { try dealer.disconnect(endpoint) } == ENOENT)
            }
        }

        /// Others get what they ask for, and one call takes all back.
        @Test(arguments: Way.allCases)
        func severalConnections(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 1 })
                for _ in 0..<3 { try push.connect(endpoint) }
                for index in 0..<30 { try push.send("\(index)") }
                for _ in 0..<30 { _ = try pull.text() }
                try push.disconnect(endpoint)
                #expect(number { try push.disconnect(endpoint) } == ENOENT)
                #expect(number { try push.send("nobody", .dontWait) } == EAGAIN)
            }
        }
    }
}
