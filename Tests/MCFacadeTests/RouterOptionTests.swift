import MCCodec
import MCFacade
import MCTransport
import Testing

extension FacadeTests {
    /// What ROUTER does beyond RFC 28, when asked to (zmq_setsockopt(3)).
    @Suite struct RouterOptions {
        // MARK: Raw

        @Test(arguments: Way.streams)
        func raw(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                #expect(!router.isRaw)
                router.isRaw = true
                let raw = try RawPeer.connect(to: try router.bind(way.fresh))
                let id = try router.parts()[0]
                #expect(id.count == 5 && id[0] == 0)
                #expect(raw.isSilent(for: 50))
                try raw.send(bytes("hi"))
                #expect(try router.parts() == [id, bytes("hi")])
                try router.send(parts: [id, bytes("yo")])
                #expect(try raw.receive(2) == bytes("yo"))
                #expect(code { try router.send(parts: [id, [1], [2]]) } == .invalidMessage)
                try router.send(parts: [id, bytes("bye")])
                try router.send(parts: [id, []])
                #expect(try raw.receive(3) == bytes("bye"))
                #expect(raw.isClosed(within: patience))
                // Dropped, unless sending is mandatory.
                try router.send(parts: [id, bytes("?")])
                router.isMandatory = true
                #expect(code { try router.send(parts: [id, [1]]) } == .hostUnreachable)
                #expect(try router.tryReceive() == nil)
            }
        }

        /// It counts when the endpoint is made.
        @Test func rawEndpointsAndOthers() throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let spoken = try router.bind(Way.tcp.fresh)
                router.isRaw = true
                let raw = try RawPeer.connect(to: try router.bind(Way.tcp.fresh))
                let id = try router.parts()[0]
                router.isRaw = false
                let dealer = try DealerSocket(
                    context: context, options: .test { $0.routingID = bytes("D") })
                try dealer.connect(spoken)
                try dealer.send("spoken")
                #expect(try router.parts() == [bytes("D"), bytes("spoken")])
                try router.send(parts: [bytes("D"), [], bytes("to D")])
                #expect(try dealer.parts() == [[], bytes("to D")])
                try router.send(parts: [id, bytes("raw")])
                #expect(try raw.receive(3) == bytes("raw"))
            }
        }

        @Test func rawAndDialled() throws {
            try withContext { context in
                let listener = try RawListener()
                let router = try RouterSocket(context: context, options: .test)
                router.isRaw = true
                try router.connect(listener.endpoint, peerRoutingID: bytes("server"))
                try router.send(parts: [bytes("server"), bytes("early")])
                for text in ["early", "later"] {
                    let raw = try listener.accept()
                    #expect(try raw.receive(5) == bytes(text))
                    #expect(try router.parts() == [bytes("server"), []])
                    raw.link.close()
                    #expect(try router.parts() == [bytes("server"), []])
                    try router.send(parts: [bytes("server"), bytes("later")])
                }
            }
        }

        // MARK: Notices

        @Test(arguments: Way.streams, 0...3 as ClosedRange<UInt8>)
        func notices(way: Way, kinds: UInt8) throws {
            try withContext { context in
                let wanted = PeerNotices(rawValue: kinds)
                let router = try RouterSocket(context: context, options: .test)
                #expect(router.peerNotices == [])
                router.peerNotices = wanted
                let endpoint = try router.bind(way.fresh)
                let dealer = try DealerSocket(
                    context: context,
                    options: .test {
                        $0.routingID = bytes("X")
                        $0.lingerMilliseconds = -1
                    })
                try dealer.connect(endpoint)
                if wanted.contains(.connected) {
                    #expect(try router.parts() == [bytes("X"), []])
                }
                try dealer.send("hello")
                #expect(try router.parts() == [bytes("X"), bytes("hello")])
                for index in 0..<100 { try dealer.send("\(index)") }
                try dealer.disconnect(endpoint)
                for index in 0..<100 {
                    #expect(try router.parts() == [bytes("X"), bytes("\(index)")])
                }
                if wanted.contains(.disconnected) {
                    #expect(try router.parts() == [bytes("X"), []])
                }
                #expect(try router.countUntilQuiet(50) == 0)
            }
        }

        /// A message that is cut off does not come, and the notice is none of its frames; who has not
        /// shaken hands, or is refused, has never been there.
        @Test func noticesOfBrokenPeers() throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                router.peerNotices = [.connected, .disconnected]
                let endpoint = try router.bind(Way.tcp.fresh)
                let stranger = try RawPeer.connect(to: endpoint)
                try stranger.send(bytes("not a handshake"))
                stranger.link.close()
                let peer = try RawPeer.connect(to: endpoint)
                try peer.shakeHands(as: "DEALER", identity: bytes("X"))
                #expect(try router.parts() == [bytes("X"), []])
                let second = try RawPeer.connect(to: endpoint)
                try second.shakeHands(as: "DEALER", identity: bytes("X"))
                #expect(second.isClosed(within: patience))
                try peer.send(frame: bytes("half"), flags: .more)
                pause(50)
                peer.link.close()
                #expect(try router.parts() == [bytes("X"), []])
                #expect(try router.countUntilQuiet(100) == 0)
            }
        }

        /// A peer that was dialled is told of each time; one in the process is not.
        @Test func noticesOfDialledPeers() throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                router.peerNotices = [.connected, .disconnected]
                let endpoint = try RawListener.freeEndpoint()
                try router.connect(endpoint)
                for _ in 0..<2 {
                    let peer = try RouterSocket(
                        context: context, options: .test { $0.routingID = bytes("P") })
                    try peer.bind(endpoint)
                    #expect(try router.parts() == [bytes("P"), []])
                    peer.close()
                    #expect(try router.parts() == [bytes("P"), []])
                }
                let near = try DealerSocket(context: context, options: .test)
                try near.connect(try router.bind(Way.inproc.fresh))
                near.close()
                #expect(try router.countUntilQuiet(50) == 0)
            }
        }

        // MARK: Routing ids of our choice

        @Test(arguments: Way.allCases, [false, true])
        func chosenRoutingIDs(way: Way, named: Bool) throws {
            try withContext { context in
                let one = try RouterSocket(
                    context: context, options: .test { $0.routingID = named ? bytes("X") : [] })
                let two = try RouterSocket(
                    context: context, options: .test { $0.routingID = named ? bytes("Y") : [] })
                two.isMandatory = true
                let endpoint = try one.bind(way.fresh)
                try two.connect(endpoint, peerRoutingID: bytes("conn1"))
                try two.send(parts: [bytes("conn1"), bytes("hi 1")])
                let request = try one.parts()
                #expect(named ? request[0] == bytes("Y") : request[0].first == 0)
                #expect(request.last == bytes("hi 1"))
                try one.send(parts: [request[0], bytes("ok")])
                #expect(try two.parts() == [bytes("conn1"), bytes("ok")])
                for bad in [[], [0, 1], [UInt8](repeating: 1, count: 256), bytes("conn1")] {
                    #expect(
                        code { try two.connect(endpoint, peerRoutingID: bad) } == .invalidOption)
                }
                let other = code { try two.send(parts: [bytes("X"), []]) }
                #expect(other == .hostUnreachable)
            }
        }

        /// What is sent while the peer is away waits for it; and its id is nobody else's meanwhile.
        @Test func aChosenIDStays() throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                router.isMandatory = true
                let endpoint = try RawListener.freeEndpoint()
                try router.connect(endpoint, peerRoutingID: bytes("peer"))
                for round in 0..<3 {
                    try router.send(parts: [bytes("peer"), bytes("\(round)")])
                    let taken = code { try router.connect(endpoint, peerRoutingID: bytes("peer")) }
                    #expect(taken == .invalidOption)
                    let peer = try DealerSocket(
                        context: context, options: .test { $0.routingID = bytes("me") })
                    try peer.bind(endpoint)
                    #expect(try peer.parts() == [bytes("\(round)")])
                    try peer.send("back")
                    #expect(try router.parts() == [bytes("peer"), bytes("back")])
                    peer.close()
                    #expect(
                        eventually { (try? router.events().contains(.canReceive)) == false })
                    pause(50)
                }
                try router.disconnect(endpoint)
                #expect(
                    eventually {
                        code { try router.connect(endpoint, peerRoutingID: bytes("peer")) } == nil
                    })
            }
        }
    }
}
