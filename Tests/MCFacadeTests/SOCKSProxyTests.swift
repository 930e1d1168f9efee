import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// Connections that a SOCKS5 proxy makes.
    @Suite struct SOCKSProxies {
        /// Two messages through the proxy, to an endpoint made of the real one's port.
        private func communicate(
            _ proxy: FakeProxy, at host: String = "127.0.0.1", address: String? = nil,
            _ change: (inout SocketOptions) -> Void = { _ in }
        ) throws {
            let context = Context()
            let push = try PushSocket(context: context, options: .test)
            let endpoint = try push.bind("tcp://127.0.0.1:*")
            let port = try #require(endpoint.split(separator: ":").last)
            let options = SocketOptions.test {
                $0.socksProxy = address ?? proxy.address
                change(&$0)
            }
            let pull = try PullSocket(context: context, options: options)
            #expect(pull.options == options)
            let monitor = pull.monitor()
            let serving = proxy.serve()
            try pull.connect("tcp://\(host):\(port)")
            try push.send("ABC")
            try push.send("DEF")
            #expect(try pull.text() == "ABC")
            #expect(try pull.text() == "DEF")
            for expected in [SocketEvent.Kind.connectDelayed, .connected, .handshakeSucceeded] {
                let event = try #require(monitor.next(timeoutMilliseconds: patience))
                #expect(event.kind == expected)
                #expect(event.endpoint == "tcp://\(host):\(port)")
            }
            context.close()
            try serving.join()
            #expect(proxy.requested.map(\.port) == [UInt16(port)])
        }

        @Test func numbers() throws {
            let proxy = try FakeProxy()
            try communicate(proxy)
            #expect(proxy.requested.map(\.type) == [1])
            #expect(proxy.requested.map(\.host) == [[127, 0, 0, 1]])
        }

        @Test(arguments: ["[::1]", "::1"])
        func numbersOfIPv6(host: String) throws {
            let proxy = try FakeProxy()
            try communicate(proxy, at: host)
            #expect(proxy.requested.map(\.type) == [4])
            #expect(proxy.requested.map(\.host) == [[UInt8](repeating: 0, count: 15) + [1]])
        }

        /// Nobody but the proxy asks for the address.
        @Test func names() throws {
            let proxy = try FakeProxy()
            try communicate(proxy, at: "some-name.invalid")
            #expect(proxy.requested.map(\.type) == [3])
            #expect(proxy.requested.map(\.host) == [bytes("some-name.invalid")])
        }

        @Test func nameAndPassword() throws {
            let manners = FakeProxy.Manners(username: "someuser", password: "somepass")
            try communicate(try FakeProxy(manners)) {
                $0.socksUsername = "someuser"
                $0.socksPassword = "somepass"
            }
            // A password alone says nothing.
            try communicate(try FakeProxy()) { $0.socksPassword = "somepass" }
            try communicate(try FakeProxy(FakeProxy.Manners(username: "someuser"))) {
                $0.socksUsername = "someuser"
            }
        }

        /// The proxy itself may have a name, be far away over IPv6, and be reached from somewhere.
        @Test func proxysAddress() throws {
            let proxy = try FakeProxy()
            let port = try #require(proxy.address.split(separator: ":").last)
            try communicate(proxy, address: "localhost:\(port)")
            try communicate(try FakeProxy(), at: "127.0.0.1:0;127.0.0.1")
            let six = try FakeProxy(at: "tcp://[::1]:*")
            try communicate(six, address: "[::1]:0;\(six.address)")
            let other = try FakeProxy()
            try communicate(other, address: "127.0.0.1:0;\(other.address)")
        }

        /// A proxy that comes late is dialled again like any peer.
        @Test func lateProxy() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                let address = String(try RawListener.freeEndpoint().dropFirst(6))
                let push = try PushSocket(
                    context: context, options: .test { $0.socksProxy = address })
                try push.connect(endpoint)
                try push.send("x")
                pause(50)
                let serving = try FakeProxy(at: "tcp://\(address)").serve()
                #expect(try pull.text() == "x")
                context.close()
                try serving.join()
            }
        }

        // MARK: Failures

        static let failures: [(FakeProxy.Manners, Int32, String)] = [
            (.init(reply: 5), ECONNREFUSED, "was refused"),
            (.init(reply: 4), EHOSTUNREACH, "cannot reach the host"),
            (.init(reply: 2), EACCES, "does not allow"),
            (.init(reply: 99), EPROTO, "unknown reply"),
            (.init(username: "other", password: "p"), EACCES, "takes no name"),
            (.init(nonsense: bytes("HTTP/1.1 400 Bad Request")), EPROTO, "is not a SOCKS5 proxy"),
            (.init(nonsense: []), ECONNRESET, "closed"),
            (.init(mostBytes: 1), ETIMEDOUT, "no answer"),
            (.init(mostBytes: 3), ETIMEDOUT, "no answer"),
        ]

        /// Each is told with its reason, within the time that connecting may take, and tried again.
        @Test(arguments: failures.indices)
        func failure(_ index: Int) throws {
            let (manners, number, words) = SOCKSProxies.failures[index]
            let proxy = try FakeProxy(manners)
            let serving = proxy.serve(2)
            let context = Context()
            let push = try PushSocket(
                context: context,
                options: .test {
                    $0.socksProxy = proxy.address
                    $0.connectTimeoutMilliseconds = 150
                })
            let monitor = push.monitor()
            let endpoint = "tcp://some-name.invalid:5555"
            try push.connect(endpoint)
            for _ in 0..<2 {
                for expected in [SocketEvent.Kind.connectDelayed, .closed, .connectRetried] {
                    let event = try #require(monitor.next(timeoutMilliseconds: patience))
                    #expect(event.kind == expected && event.endpoint == endpoint)
                    guard expected != .connectDelayed else { continue }
                    let reason = try #require(event.reason)
                    if words == "takes no name" {
                        #expect(reason.message.contains("wants us to authenticate"))
                    } else {
                        #expect(reason.message.contains(words), "\(reason)")
                    }
                    #expect(reason.number == number)
                }
            }
            context.close()
            try serving.join()
        }

        @Test func wrongPassword() throws {
            let proxy = try FakeProxy(FakeProxy.Manners(username: "u", password: "right"))
            let serving = proxy.serve()
            let context = Context()
            let push = try PushSocket(
                context: context,
                options: .test {
                    $0.socksProxy = proxy.address
                    $0.socksUsername = "u"
                    $0.socksPassword = "wrong"
                    $0.reconnectIntervalMilliseconds = -1
                })
            let monitor = push.monitor()
            try push.connect("tcp://127.0.0.1:5555")
            _ = monitor.next(timeoutMilliseconds: patience)
            let event = try #require(monitor.next(timeoutMilliseconds: patience))
            #expect(event.kind == .closed && event.reason?.errno == EACCES)
            context.close()
            try serving.join()
            #expect(proxy.requested.isEmpty)
        }

        /// A refusal that the proxy tells of is one.
        @Test func refusalStops() throws {
            let proxy = try FakeProxy(FakeProxy.Manners(reply: 5))
            let serving = proxy.serve()
            let context = Context()
            let push = try PushSocket(
                context: context,
                options: .test {
                    $0.socksProxy = proxy.address
                    $0.reconnectStop = .connectionRefused
                })
            let monitor = push.monitor()
            try push.connect("tcp://127.0.0.1:5555")
            _ = monitor.next(timeoutMilliseconds: patience)
            #expect(monitor.next(timeoutMilliseconds: patience)?.kind == .closed)
            #expect(monitor.next(timeoutMilliseconds: 100) == nil)
            context.close()
            try serving.join()
        }

        // MARK: The option

        /// Only TCP connections are the proxy's business, and options of later calls add up.
        @Test func otherTransports() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let push = try PushSocket(context: context, options: .test)
                try push.setOptions { $0.socksUsername = "u" }
                try push.setOptions { $0.socksPassword = "p" }
                try push.setOptions { $0.socksProxy = "127.0.0.1:1" }
                #expect(push.options.socksUsername == "u" && push.options.socksPassword == "p")
                for way in [Way.ipc, .inproc] {
                    try push.connect(try pull.bind(way.fresh))
                    try push.send("x")
                    #expect(try pull.text() == "x")
                    try push.disconnect(push.lastEndpoint)
                }
            }
        }

        @Test func refusals() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let long = String(repeating: "x", count: 256)
                let changes: [(String, (inout SocketOptions) -> Void)] = [
                    ("socksProxy", { $0.socksProxy = "host" }),
                    ("socksProxy", { $0.socksProxy = "*:80" }),
                    ("socksProxy", { $0.socksProxy = "host:0" }),
                    ("socksUsername", { $0.socksUsername = long }),
                    ("socksPassword", { $0.socksPassword = long }),
                ]
                for (name, change) in changes {
                    do throws(SocketError) {
                        try push.setOptions(change)
                        Issue.record("\(name) is accepted")
                    } catch {
                        #expect(error.code == .invalidOption && error.message.contains(name))
                    }
                }
            }
        }
    }
}
