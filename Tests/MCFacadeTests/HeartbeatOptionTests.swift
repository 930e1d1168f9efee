import MCCodec
import MCFacade
import Testing

extension FacadeTests {
    /// Heartbeats and the limit of the handshake, seen by the peer on the wire.
    @Suite struct Heartbeats {
        /// The next PING's time to live, other frames left out.
        private func ping(_ raw: RawPeer, within milliseconds: Int) throws -> UInt16 {
            while true {
                guard case .ping(let ttl, _) = try raw.frame(within: milliseconds).command else {
                    continue
                }
                return ttl
            }
        }

        @Test(arguments: Way.streams)
        func pingsComeAtTheInterval(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.heartbeatIntervalMilliseconds = 60
                        $0.heartbeatTTLMilliseconds = 1_250
                    })
                let raw = try RawPeer.connect(to: try pull.bind(way.fresh))
                try raw.shakeHands(as: "PUSH")
                let time = try elapsed {
                    for _ in 0..<5 {
                        // In tenths of a second, cut off.
                        #expect(try ping(raw, within: 2000) == 12)
                        try raw.send(.pong(context: []))
                    }
                }
                #expect((230..<2000).contains(time))
            }
        }

        @Test func noPingsByDefault() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try pull.bind("tcp://127.0.0.1:*"))
                try raw.shakeHands(as: "PUSH")
                #expect(raw.isSilent(for: 250))
            }
        }

        /// Without an answer the connection ends: after the interval, or after the timeout if set.
        @Test(arguments: [-1, 250])
        func silenceEndsTheConnection(timeout: Int) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.heartbeatIntervalMilliseconds = 80
                        $0.heartbeatTimeoutMilliseconds = timeout
                    })
                let raw = try RawPeer.connect(to: try pull.bind("tcp://127.0.0.1:*"))
                try raw.shakeHands(as: "PUSH")
                let time = elapsed { #expect(raw.isClosed(within: 5000)) }
                let expected = 80 + (timeout < 0 ? 80 : timeout)
                #expect((expected - 5..<expected + 1000).contains(time), "\(time)")
            }
        }

        /// With a timeout of 0 nobody is given up.
        @Test func noTimeout() throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.heartbeatIntervalMilliseconds = 40
                        $0.heartbeatTimeoutMilliseconds = 0
                    })
                let raw = try RawPeer.connect(to: try pull.bind("tcp://127.0.0.1:*"))
                try raw.shakeHands(as: "PUSH")
                #expect(!raw.isClosed(within: 400))
            }
        }

        /// Any traffic is an answer.
        @Test func trafficKeepsTheConnection() throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.heartbeatIntervalMilliseconds = 300 })
                let raw = try RawPeer.connect(to: try pull.bind("tcp://127.0.0.1:*"))
                try raw.shakeHands(as: "PUSH")
                for index in 0..<12 {
                    try raw.send(frame: bytes("\(index)"))
                    pause(70)
                }
                for index in 0..<12 { #expect(try pull.text() == "\(index)") }
                #expect(raw.isClosed(within: 3000))
            }
        }

        /// PING is answered with its context, and its time to live is watched.
        @Test(arguments: Way.streams)
        func thePeersTimeToLive(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try pull.bind(way.fresh))
                try raw.shakeHands(as: "PUSH")
                try raw.send(.ping(ttlTenths: 0, context: bytes("context")))
                #expect(try raw.frame().command == .pong(context: bytes("context")))
                #expect(!raw.isClosed(within: 300))
                try raw.send(.ping(ttlTenths: 3, context: []))
                #expect(try raw.frame().command == .pong(context: []))
                let time = elapsed { #expect(raw.isClosed(within: 5000)) }
                #expect((290..<1300).contains(time), "\(time)")
            }
        }

        /// A dialled connection that is given up is dialled again.
        @Test func aSilentServerIsDialledAgain() throws {
            try withContext { context in
                let listener = try RawListener()
                let push = try PushSocket(
                    context: context, options: .test { $0.heartbeatIntervalMilliseconds = 60 })
                try push.connect(listener.endpoint)
                for _ in 0..<2 {
                    let raw = try listener.accept(within: 3000)
                    try raw.shakeHands(as: "PULL")
                    #expect(raw.isClosed(within: 3000))
                }
            }
        }

        /// Two of ours keep each other alive for many intervals.
        @Test(arguments: Way.streams)
        func idlePeersStay(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.heartbeatIntervalMilliseconds = 50
                    $0.heartbeatTTLMilliseconds = 500
                    $0.heartbeatTimeoutMilliseconds = 400
                    // A connection that is lost would not come back.
                    $0.reconnectIntervalMilliseconds = -1
                }
                let (push, pull) = try pipeline(context, way, options: options)
                for index in 0..<2 {
                    try push.send("\(index)")
                    #expect(try pull.text() == "\(index)")
                    pause(600)
                }
                try push.send("still there")
                #expect(try pull.text() == "still there")
            }
        }

        @Test(arguments: [0, 120])
        func handshakeInterval(limit: Int) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.handshakeIntervalMilliseconds = limit })
                let raw = try RawPeer.connect(to: try pull.bind("tcp://127.0.0.1:*"))
                if limit == 0 {
                    #expect(!raw.isClosed(within: 400))
                    try raw.shakeHandsAfterGreeting(as: "PUSH")
                    try raw.send(frame: bytes("late"))
                    #expect(try pull.text() == "late")
                } else {
                    // Bytes that come one by one do not lengthen it.
                    let greeting = try Greeting(mechanism: "NULL").encoded()
                    let time = elapsed {
                        for octet in greeting {
                            guard (try? raw.send([octet])) != nil else { break }
                            if raw.isClosed(within: 20) { break }
                        }
                    }
                    #expect((110..<1000).contains(time), "\(time)")
                }
            }
        }
    }
}

extension RawPeer {
    /// As `shakeHands`, when the other side's greeting has been read already.
    func shakeHandsAfterGreeting(as type: String) throws {
        try send(try Greeting(mechanism: "NULL").encoded())
        var metadata = Metadata()
        try metadata.append("Socket-Type", bytes(type))
        try send(.ready(metadata))
        guard case .ready = try frame().command else { throw RawError.gone }
    }
}
