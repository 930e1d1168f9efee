import MCFacade
import Testing

extension FacadeTests {
    /// Binding and connecting, in any order, and taking it back.
    @Suite struct Endpoints {
        @Test func severalEndpointsOfOneSocket() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let push = try PushSocket(context: context, options: .test)
                for way in Way.allCases { try push.connect(try pull.bind(way.fresh)) }
                for way in Way.allCases { try pull.connect(try push.bind(way.fresh)) }
                // Six pipes, of which three may still be shaking hands.
                for index in 0..<600 { try push.send("\(index)") }
                let all = try (0..<600).map { _ in try pull.text() }
                #expect(Set(all).count == 600)
            }
        }

        @Test(arguments: Way.allCases)
        func connectBeforeBind(way: Way) throws {
            try withContext { context in
                let endpoint = try way.reserved()
                let push = try PushSocket(context: context, options: .test)
                try push.connect(endpoint)
                for index in 0..<20 { try push.send("early \(index)") }
                pause(60)
                let pull = try PullSocket(context: context, options: .test)
                try pull.bind(endpoint)
                for index in 0..<20 { #expect(try pull.text() == "early \(index)") }
            }
        }

        @Test(arguments: Way.allCases)
        func unbindEndsTheEndpoint(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let push = try PushSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 5 })
                let endpoint = try pull.bind(way.fresh)
                try push.connect(endpoint)
                try push.send("before")
                #expect(try pull.text() == "before")
                try pull.unbind(endpoint)
                // Its connection goes, and nobody answers there: sends fill up.
                let isFull = eventually {
                    pause(2)
                    return code { try push.send("after", .dontWait) } == .wouldBlock
                }
                #expect(isFull)
                #expect(code { try pull.unbind(endpoint) } == .invalidEndpoint)
                // The name is free: another socket may have it.
                let other = try PullSocket(context: context, options: .test)
                #expect(try other.bind(endpoint) == endpoint)
            }
        }

        @Test(arguments: Way.allCases)
        func disconnectDeliversWhatWasSent(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let push = try PushSocket(
                    context: context, options: .test { $0.lingerMilliseconds = -1 })
                let endpoint = try pull.bind(way.fresh)
                try push.connect(endpoint)
                for index in 0..<900 { try push.send("\(index)") }
                try push.disconnect(endpoint)
                for index in 0..<900 { #expect(try pull.text() == "\(index)") }
                #expect(code { try push.send("nobody", .dontWait) } == .wouldBlock)
                #expect(code { try push.disconnect(endpoint) } == .invalidEndpoint)
                #expect(try pull.countUntilQuiet(30) == 0)
                // And it can be connected again.
                try push.connect(endpoint)
                try push.send("again")
                #expect(try pull.text() == "again")
            }
        }

        /// What arrived and was not received is discarded (the zmq_disconnect manual).
        @Test(arguments: Way.allCases)
        func disconnectDropsWhatArrived(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try push.bind(way.fresh)
                try pull.connect(endpoint)
                for index in 0..<10 { try push.send("\(index)") }
                #expect(try pull.text() == "0")
                pause(50)
                try pull.disconnect(endpoint)
                #expect(try pull.countUntilQuiet() == 0)
            }
        }

        @Test(arguments: Way.streams)
        func reconnectsByItself(way: Way) throws {
            try withContext { context in
                let endpoint = try way.reserved()
                let push = try PushSocket(context: context, options: .test)
                try push.connect(endpoint)
                for round in 0..<4 {
                    let pull = try PullSocket(context: context, options: .test)
                    let isBound = eventually { (try? pull.bind(endpoint)) != nil }
                    #expect(isBound)
                    try push.send("round \(round)")
                    #expect(try pull.text() == "round \(round)")
                    pull.close()
                    // Until the sender has noticed, messages go to the dead peer's kernel.
                    pause(30)
                }
            }
        }

        @Test func closingFreesTheEndpointAtOnce() throws {
            try withContext { context in
                for way in Way.allCases {
                    let first = try PullSocket(context: context, options: .test)
                    let endpoint = try first.bind(way.fresh)
                    first.close()
                    for _ in 0..<40 {
                        let next = try PullSocket(context: context, options: .test)
                        #expect(code { try next.bind(endpoint) } == nil, "\(endpoint)")
                        next.close()
                    }
                }
            }
        }

        @Test func realEndpoints() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                #expect(pull.lastEndpoint == "")
                for text in [
                    "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "127.0.0.1:*", "127.0.0.1:0",
                ] {
                    let real = try pull.bind(text)
                    #expect(pull.lastEndpoint == real)
                    #expect(real.hasPrefix("tcp://127.0.0.1:"))
                    #expect(Int(real.split(separator: ":").last ?? "").map { $0 > 0 } == true)
                    try reach(pull, at: real, context)
                    try reach(pull, at: String(real.dropFirst("tcp://".count)), context)
                }
                let any = try pull.bind("tcp://*:*")
                #expect(any.hasPrefix("tcp://0.0.0.0:") || any.hasPrefix("tcp://[::]:"))
                let port = try #require(any.split(separator: ":").last)
                try reach(pull, at: "tcp://127.0.0.1:\(port)", context)
                try reach(pull, at: "tcp://localhost:\(port)", context)
                let ipc = try pull.bind("ipc://*")
                #expect(ipc.hasPrefix("ipc:///"))
                #expect(pull.lastEndpoint == ipc)
                try reach(pull, at: ipc, context)
                let name = "inproc://\(uniqueName())"
                #expect(try pull.bind(name) == name)
                try reach(pull, at: name, context)
                let push = try PushSocket(context: context, options: .test)
                try push.connect(ipc)
                #expect(push.lastEndpoint == ipc)
            }
        }

        private func reach(_ pull: PullSocket, at endpoint: String, _ context: Context) throws {
            let push = try PushSocket(
                context: context, options: .test { $0.lingerMilliseconds = -1 })
            try push.connect(endpoint)
            try push.send("via \(endpoint)")
            #expect(try pull.text() == "via \(endpoint)")
            push.close()
        }

        static let bad: [(String, SocketError.Code)] = [
            ("", .invalidEndpoint),
            ("tcp://", .invalidEndpoint),
            ("tcp://127.0.0.1", .invalidEndpoint),
            ("tcp://127.0.0.1:65536", .invalidEndpoint),
            ("tcp://127.0.0.1:port", .invalidEndpoint),
            ("ipc://", .invalidEndpoint),
            ("inproc://", .invalidEndpoint),
            ("/run/path", .invalidEndpoint),
            ("pgm://eth0;239.192.1.1:5555", .unsupportedTransport),
            ("tipc://{5555,0}", .unsupportedTransport),
            ("ws://127.0.0.1:80", .unsupportedTransport),
            ("nonsense://x", .unsupportedTransport),
            ("udp://127.0.0.1:5555", .incompatibleTransport),
        ]

        @Test(arguments: bad)
        func badEndpointsAreNamed(text: String, expected: SocketError.Code) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                for attempt in [{ _ = try pull.bind(text) }, { try pull.connect(text) }] {
                    do {
                        try attempt()
                        Issue.record("\(text) is accepted")
                    } catch let error as SocketError {
                        #expect(error.code == expected, "\(error)")
                        #expect(error.description.contains(text))
                    }
                }
                #expect(pull.lastEndpoint == "")
            }
        }

        @Test(arguments: Way.allCases)
        func usedEndpointsAreNamed(way: Way) throws {
            try withContext { context in
                let first = try PullSocket(context: context, options: .test)
                let second = try PullSocket(context: context, options: .test)
                let endpoint = try first.bind(way.fresh)
                do throws(SocketError) {
                    try second.bind(endpoint)
                    Issue.record("bound twice")
                } catch {
                    #expect(error.code == .addressInUse, "\(error)")
                    #expect(error.description.contains(endpoint))
                }
            }
        }

        @Test func foreignAddressIsNamed() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                #expect(code { try pull.bind("tcp://192.0.2.1:5555") } == .addressNotAvailable)
            }
        }

        @Test func unconnectedEndpointsCannotBeTakenBack() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                #expect(code { try pull.disconnect(endpoint) } == .invalidEndpoint)
                #expect(code { try pull.unbind("tcp://127.0.0.1:1") } == .invalidEndpoint)
            }
        }

        /// Sockets of other types do not become peers, and harm nobody.
        @Test(arguments: Way.allCases)
        func wrongTypesAreRefused(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let sub = try SubSocket(context: context, options: .test)
                if way == .inproc {
                    #expect(code { try sub.connect(endpoint) } == .protocolError)
                } else {
                    try sub.connect(endpoint)
                }
                let push = try PushSocket(context: context, options: .test)
                try push.connect(endpoint)
                try push.send("right")
                #expect(try pull.text() == "right")
            }
        }
    }
}
