import CMCLinux
import Glibc
import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// Options that the kernel has a word in: each is asked of the kernel, at both ends.
    @Suite struct TCPOptions {
        /// Gives `body` the descriptors of a connection's two ends.
        private func withEnds(
            _ context: Context, at endpoint: String = "tcp://127.0.0.1:*",
            _ options: SocketOptions, _ body: (Int32) -> Void
        ) throws {
            let pull = try PullSocket(context: context, options: options)
            let push = try PushSocket(context: context, options: options)
            // A socket closes with its last reference, and then the number is somebody else's.
            defer { withExtendedLifetime((pull, push)) {} }
            let monitors = [pull.monitor(), push.monitor()]
            try push.connect(try pull.bind(endpoint))
            try push.send("x")
            #expect(try pull.text() == "x")
            for monitor in monitors {
                var kind: SocketEvent.Kind?
                while kind != .accepted && kind != .connected {
                    let event = try #require(monitor.next(timeoutMilliseconds: patience))
                    kind = event.kind
                    if kind == .accepted || kind == .connected {
                        body(try #require(Int32(exactly: event.value)))
                    }
                }
            }
        }

        @Test func keepAlive() throws {
            try withContext { context in
                let on = SocketOptions.test {
                    $0.tcpKeepAlive = 1
                    $0.tcpKeepAliveCount = 7
                    $0.tcpKeepAliveIdleSeconds = 111
                    $0.tcpKeepAliveIntervalSeconds = 22
                }
                let (pull, push) = try pipeline(context, .tcp, options: on)
                #expect(pull.options == on && push.options == on)
                try withEnds(context, on) { end in
                    #expect(cmc_net_option(end, CMC_NET_KEEP_ALIVE) == 1)
                    #expect(cmc_net_option(end, CMC_NET_KEEP_ALIVE_COUNT) == 7)
                    #expect(cmc_net_option(end, CMC_NET_KEEP_ALIVE_IDLE) == 111)
                    #expect(cmc_net_option(end, CMC_NET_KEEP_ALIVE_INTERVAL) == 22)
                }
            }
        }

        @Test func retransmission() throws {
            try withContext { context in
                let options = SocketOptions.test { $0.tcpMaximumRetransmitMilliseconds = 4321 }
                try withEnds(context, options) { end in
                    #expect(cmc_net_option(end, CMC_NET_USER_TIMEOUT) == 4321)
                }
            }
        }

        @Test(arguments: ["tcp://127.0.0.1:*", "tcp://[::1]:*"])
        func typeOfService(endpoint: String) throws {
            try withContext { context in
                let options = SocketOptions.test { $0.typeOfService = 0x28 }
                let option =
                    endpoint.contains("[") ? CMC_NET_TRAFFIC_CLASS : CMC_NET_TYPE_OF_SERVICE
                try withEnds(context, at: endpoint, options) { end in
                    #expect(cmc_net_option(end, option) == 0x28)
                }
            }
        }

        /// Whatever the type of service makes it.
        @Test(arguments: ["tcp://127.0.0.1:*", "tcp://[::1]:*"])
        func packetPriority(endpoint: String) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.packetPriority = 3
                    $0.typeOfService = 0x28
                }
                try withEnds(context, at: endpoint, options) { end in
                    #expect(cmc_net_option(end, CMC_NET_PRIORITY) == 3)
                }
            }
        }

        @Test func device() throws {
            try withContext { context in
                let options = SocketOptions.test { $0.device = "lo" }
                var count = 0
                try withEnds(context, options) { _ in count += 1 }
                #expect(count == 2)
                let pull = try PullSocket(
                    context: context, options: .test { $0.device = "no-such-device" })
                #expect(code { try pull.bind("tcp://127.0.0.1:*") } == .addressNotAvailable)
            }
        }

        /// `*` takes IPv4 peers, and with the option IPv6 ones, too.
        @Test(arguments: [false, true])
        func ipv6(isWanted: Bool) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.ipv6 = isWanted })
                let endpoint = try pull.bind("tcp://*:*")
                #expect(endpoint.contains("[::]") == isWanted, "\(endpoint)")
                let port = try #require(endpoint.split(separator: ":").last)
                let push = try PushSocket(context: context, options: .test)
                try push.connect("tcp://127.0.0.1:\(port)")
                try push.send("4")
                #expect(try pull.text() == "4")
                let other = try PushSocket(
                    context: context, options: .test { $0.reconnectIntervalMilliseconds = -1 })
                let monitor = other.monitor()
                try other.connect("tcp://[::1]:\(port)")
                var kinds: [SocketEvent.Kind] = []
                while kinds.last != .connected && kinds.last != .closed {
                    kinds.append(try #require(monitor.next(timeoutMilliseconds: patience)).kind)
                }
                #expect(kinds.last == (isWanted ? .connected : .closed))
            }
        }

        @Test func backlog() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test { $0.backlog = 3 })
                #expect(pull.options.backlog == 3)
                try pull.bind("tcp://127.0.0.1:*")
            }
        }

        /// An address that answers nothing is given up in time.
        @Test func connectTimeout() throws {
            try withContext { context in
                // A listener whose queue is full answers no SYN.
                let listener = try RawListener(options: LinkOptions(backlog: 0))
                let waiting = try RawPeer.connect(to: listener.endpoint)
                defer { withExtendedLifetime(waiting) {} }
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.connectTimeoutMilliseconds = 100
                        $0.reconnectIntervalMilliseconds = 5000
                    })
                let monitor = push.monitor()
                try push.connect(listener.endpoint)
                var last: SocketEvent?
                let time = try elapsed {
                    while last?.kind != .closed {
                        let next = monitor.next(timeoutMilliseconds: patience)
                        let event: SocketEvent = try #require(next)
                        last = event
                    }
                }
                #expect(last?.reason?.errno == ETIMEDOUT)
                #expect((90...2000).contains(time), "\(time) ms")
            }
        }

        @Test func refusals() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let changes: [(inout SocketOptions) -> Void] = [
                    { $0.tcpKeepAlive = 2 }, { $0.tcpKeepAliveCount = 0 },
                    { $0.tcpKeepAliveIdleSeconds = 40_000 },
                    { $0.tcpKeepAliveIntervalSeconds = -2 },
                    { $0.tcpMaximumRetransmitMilliseconds = -1 }, { $0.typeOfService = 256 },
                    { $0.device = "a-name-that-is-too-long" }, { $0.backlog = -1 },
                    { $0.connectTimeoutMilliseconds = -1 }, { $0.packetPriority = -1 },
                ]
                for change in changes {
                    #expect(code { try push.setOptions(change) } == .invalidOption)
                }
            }
        }
    }
}
