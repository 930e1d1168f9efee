import Glibc
import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// The options of connections: when they are made anew, their buffers, limits and names.
    @Suite struct ConnectionOptions {
        // MARK: Reconnecting

        /// Attempts that a listener sees who hangs up at once.
        private func attempts(
            within milliseconds: Int, _ change: (inout SocketOptions) -> Void
        ) throws -> Int {
            try withContext { context in
                let listener = try RawListener()
                let push = try PushSocket(context: context, options: .test(change))
                try push.connect(listener.endpoint)
                let deadline = ContinuousClock.now + .milliseconds(milliseconds)
                var count = 0
                while true {
                    let left = Int((deadline - .now) / .milliseconds(1))
                    guard left > 0 else { return count }
                    if try listener.acceptIfAny(within: left) != nil { count += 1 }
                }
            }
        }

        @Test func reconnectInterval() throws {
            // Each pause is the interval and up to another one.
            let quick = try attempts(within: 600) { $0.reconnectIntervalMilliseconds = 20 }
            #expect((8...31).contains(quick), "\(quick)")
            let slow = try attempts(within: 600) { $0.reconnectIntervalMilliseconds = 250 }
            #expect((2...3).contains(slow), "\(slow)")
            let never = try attempts(within: 400) { $0.reconnectIntervalMilliseconds = -1 }
            #expect(never == 1)
        }

        @Test func reconnectIntervalMax() throws {
            // 20, 40, 80, 160, 320 and up to 20 each: five or six in the time.
            let growing = try attempts(within: 600) {
                $0.reconnectIntervalMilliseconds = 20
                $0.reconnectIntervalMaxMilliseconds = 10_000
            }
            #expect((3...6).contains(growing), "\(growing)")
            let bounded = try attempts(within: 600) {
                $0.reconnectIntervalMilliseconds = 20
                $0.reconnectIntervalMaxMilliseconds = 40
            }
            #expect((8...31).contains(bounded), "\(bounded)")
        }

        // MARK: Kernel buffers

        /// The descriptors of this process that have a buffer of a size; the kernel doubles it.
        private func count(_ option: Int32, _ size: Int32) -> Int {
            (Int32(3)..<1024).count { descriptor in
                var value: Int32 = 0
                var length = socklen_t(4)
                return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0
                    && value == 2 * size
            }
        }

        @Test(arguments: [Way.tcp])
        func kernelBuffers(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendBufferBytes = 54_321
                    $0.receiveBufferBytes = 65_432
                }
                let pull = try PullSocket(context: context, options: options)
                let push = try PushSocket(context: context, options: .test)
                try push.connect(try pull.bind(way.fresh))
                try push.send("x")
                _ = try pull.receive()
                // The listener and what it accepted.
                #expect(count(SO_SNDBUF, 54_321) == 2)
                #expect(count(SO_RCVBUF, 65_432) == 2)
                let dialled = try PushSocket(context: context, options: options)
                try dialled.connect(pull.lastEndpoint)
                try dialled.send("x")
                _ = try pull.receive()
                #expect(count(SO_SNDBUF, 54_321) == 4)
                #expect(count(SO_RCVBUF, 65_432) == 4)
            }
        }

        /// And they hold so much: what a sender may push to a peer that does not read.
        @Test func sendBufferHoldsLess() throws {
            var taken: [Int: Int] = [:]
            for size in [8_192, 150_000] {
                try withContext { context in
                    var small = LinkOptions()
                    small.receiveBufferBytes = 4_096
                    let push = try PushSocket(
                        context: context,
                        options: .test {
                            $0.sendBufferBytes = size
                            $0.sendHighWaterMark = 1
                            $0.sendTimeoutMilliseconds = 100
                        })
                    let raw = try RawPeer.connect(
                        to: try push.bind("tcp://127.0.0.1:*"), options: small)
                    try raw.shakeHands(as: "PULL")
                    var count = 0
                    while code({ try push.send([UInt8](repeating: 1, count: 2_000)) }) == nil {
                        count += 1
                    }
                    taken[size] = count
                }
            }
            let small = try #require(taken[8_192])
            #expect(2 * small < taken[150_000] ?? 0, "\(taken)")
        }

        // MARK: Limits and names

        @Test(arguments: Way.streams)
        func maximumMessageSize(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.maximumMessageBytes = 1000 })
                let endpoint = try pull.bind(way.fresh)
                let good = try RawPeer.connect(to: endpoint)
                try good.shakeHands(as: "PUSH")
                let bad = try RawPeer.connect(to: endpoint)
                try bad.shakeHands(as: "PUSH")
                try bad.send(frame: [UInt8](repeating: 2, count: 1001))
                #expect(bad.isClosed(within: 3000))
                // Others go on, and the limit itself is allowed.
                try good.send(frame: [UInt8](repeating: 1, count: 1000))
                #expect(try pull.receive().bytes() == [UInt8](repeating: 1, count: 1000))
                // A claim is enough: nobody waits for the bytes.
                let claim = try RawPeer.connect(to: endpoint)
                try claim.shakeHands(as: "PUSH")
                try claim.send([2, 0, 0, 0, 0, 0, 0, 0x10, 0])
                #expect(claim.isClosed(within: 3000))
            }
        }

        @Test(arguments: Way.streams)
        func routingID(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test { $0.routingID = bytes("me") }
                let dealer = try DealerSocket(context: context, options: options)
                let raw = try RawPeer.connect(to: try dealer.bind(way.fresh))
                #expect(try raw.shakeHands(as: "ROUTER")["Identity"] == bytes("me"))
                let req = try ReqSocket(context: context, options: options)
                let router = try RouterSocket(context: context, options: .test)
                try req.connect(try router.bind(way.fresh))
                try req.send("hello")
                #expect(try router.parts() == [bytes("me"), [], bytes("hello")])
            }
        }

        @Test func optionsOutOfRangeAreNamed() throws {
            try withContext { context in
                let changes: [(String, @Sendable (inout SocketOptions) -> Void)] = [
                    ("sendHighWaterMark", { $0.sendHighWaterMark = -1 }),
                    ("receiveHighWaterMark", { $0.receiveHighWaterMark = -1 }),
                    ("sendTimeoutMilliseconds", { $0.sendTimeoutMilliseconds = -2 }),
                    ("spinMicroseconds", { $0.spinMicroseconds = -2 }),
                    ("receiveTimeoutMilliseconds", { $0.receiveTimeoutMilliseconds = -2 }),
                    ("lingerMilliseconds", { $0.lingerMilliseconds = -2 }),
                    ("reconnectIntervalMilliseconds", { $0.reconnectIntervalMilliseconds = -2 }),
                    (
                        "reconnectIntervalMaxMilliseconds",
                        { $0.reconnectIntervalMaxMilliseconds = -1 }
                    ),
                    ("sendBufferBytes", { $0.sendBufferBytes = -2 }),
                    ("receiveBufferBytes", { $0.receiveBufferBytes = Int.max }),
                    ("maximumMessageBytes", { $0.maximumMessageBytes = -2 }),
                    ("heartbeatIntervalMilliseconds", { $0.heartbeatIntervalMilliseconds = -1 }),
                    ("heartbeatTTLMilliseconds", { $0.heartbeatTTLMilliseconds = 6_553_600 }),
                    ("heartbeatTimeoutMilliseconds", { $0.heartbeatTimeoutMilliseconds = -2 }),
                    ("handshakeIntervalMilliseconds", { $0.handshakeIntervalMilliseconds = -1 }),
                    ("routingID", { $0.routingID = [UInt8](repeating: 1, count: 256) }),
                    ("routingID", { $0.routingID = [0, 1] }),
                ]
                let live = try DealerSocket(context: context, options: .test)
                for (name, change) in changes {
                    let before = live.options
                    for attempt in [
                        { _ = try DealerSocket(context: context, options: .test(change)) },
                        { try live.setOptions(change) },
                    ] {
                        do {
                            try attempt()
                            Issue.record("\(name) is accepted")
                        } catch let error as SocketError {
                            #expect(error.code == .invalidOption)
                            #expect(error.message.contains(name))
                        }
                    }
                    #expect(live.options == before)
                }
            }
        }

        @Test func optionsAreWhatWasSet() throws {
            try withContext { context in
                #expect(try PushSocket(context: context).options == SocketOptions())
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 17
                    $0.routingID = bytes("x")
                    $0.heartbeatTTLMilliseconds = 500
                }
                let push = try PushSocket(context: context, options: options)
                #expect(push.options == options)
                try push.setOptions { $0.lingerMilliseconds = 5 }
                #expect(push.options.lingerMilliseconds == 5)
                #expect(push.options.sendHighWaterMark == 17)
            }
        }
    }
}
