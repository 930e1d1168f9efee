import CMCZmq
import Glibc
import Testing

extension ZmqTests {
    /// Options of single socket types have an effect: each test fails when its option is ignored.
    @Suite struct PatternEffects {
        /// A SUB, subscribed to everything, and heard by its publisher.
        private func subscribed(
            _ sockets: Sockets, to publisher: UnsafeMutableRawPointer, _ prefix: String = ""
        ) throws -> UnsafeMutableRawPointer {
            let sub = try sockets.make(ZMQ_SUB)
            #expect(zmq_setsockopt(sub, ZMQ_SUBSCRIBE, prefix, prefix.utf8.count) == 0)
            try #require(zmq_connect(sub, lastEndpoint(publisher)) == 0)
            return sub
        }

        private func bound(_ sockets: Sockets, _ type: Int32) throws -> UnsafeMutableRawPointer {
            let socket = try sockets.make(type)
            try #require(zmq_bind(socket, "tcp://127.0.0.1:*") == 0)
            return socket
        }

        @Test func unsubscribing() throws {
            let sockets = try Sockets()
            let xpub = try bound(sockets, ZMQ_XPUB)
            let sub = try subscribed(sockets, to: xpub, "a")
            #expect(receive(xpub) == "\u{1}a")
            send(xpub, "a first")
            #expect(receive(sub) == "a first")
            #expect(zmq_setsockopt(sub, ZMQ_UNSUBSCRIBE, "a", 1) == 0)
            #expect(receive(xpub) == "\u{0}a")
            send(xpub, "a second")
            setInt(sub, ZMQ_RCVTIMEO, 100)
            #expect(receive(sub) == nil)
        }

        /// libzmq's PUB greets as its XPUB does.
        @Test(arguments: [ZMQ_PUB, ZMQ_XPUB]) func welcome(type: Int32) throws {
            let sockets = try Sockets()
            let publisher = try bound(sockets, type)
            #expect(zmq_setsockopt(publisher, ZMQ_XPUB_WELCOME_MSG, "hello", 5) == 0)
            let sub = try subscribed(sockets, to: publisher)
            #expect(receive(sub) == "hello")
        }

        /// And with its PUB nobody can say which subscriptions count: none do.
        @Test(arguments: [ZMQ_XPUB_MANUAL, 98]) func aManualPublisher(option: Int32) throws {
            let sockets = try Sockets()
            let pub = try bound(sockets, ZMQ_PUB)
            #expect(failure(zmq_setsockopt(pub, ZMQ_SUBSCRIBE, "", 0)) == EINVAL)
            #expect(setInt(pub, option, 1) == 0)
            #expect(zmq_setsockopt(pub, ZMQ_SUBSCRIBE, "", 0) == 0)
            #expect(zmq_setsockopt(pub, ZMQ_XPUB_WELCOME_MSG, "there", 5) == 0)
            let sub = try subscribed(sockets, to: pub)
            #expect(receive(sub) == "there")
            setInt(sub, ZMQ_RCVTIMEO, 20)
            for _ in 0..<10 {
                send(pub, "to nobody")
                #expect(receive(sub) == nil)
            }
        }

        /// What is sent first goes to whoever asked last, and to no other.
        @Test func lastValueGoesToWhoAsked() throws {
            let sockets = try Sockets()
            let xpub = try bound(sockets, ZMQ_XPUB)
            #expect(setInt(xpub, 98, 1) == 0)
            let subs = try (0..<2).map { _ in
                let sub = try subscribed(sockets, to: xpub)
                #expect(receive(xpub) == "\u{1}")
                #expect(zmq_setsockopt(xpub, ZMQ_SUBSCRIBE, "", 0) == 0)
                return sub
            }
            send(xpub, "known already")
            send(xpub, "new")
            #expect(receive(subs[1]) == "known already" && receive(subs[1]) == "new")
            #expect(receive(subs[0]) == "new")
        }

        /// A frame that looks like a subscription is one, unless only the first may be.
        @Test(arguments: [0, 1] as [Int32]) func onlyTheFirstFrameSubscribes(isOn: Int32) throws {
            let sockets = try Sockets()
            let xpub = try bound(sockets, ZMQ_XPUB)
            #expect(setInt(xpub, 108, isOn) == 0)
            let xsub = try sockets.make(ZMQ_XSUB)
            #expect(setInt(xsub, 108, isOn) == 0)
            try #require(zmq_connect(xsub, lastEndpoint(xpub)) == 0)
            // Waits for the connection.
            send(xsub, "\u{1}")
            #expect(receive(xpub) == "\u{1}")
            send(xsub, "no subscription", ZMQ_SNDMORE)
            send(xsub, "\u{1}topic")
            #expect(receive(xpub) == (isOn == 1 ? "no subscription" : "\u{1}topic"))
        }

        /// libzmq's REP tells its peers of itself as its ROUTER does.
        @Test func aRepProbes() throws {
            let sockets = try Sockets()
            let dealer = try bound(sockets, ZMQ_DEALER)
            let rep = try sockets.make(ZMQ_REP)
            #expect(setInt(rep, ZMQ_PROBE_ROUTER, 1) == 0)
            try #require(zmq_connect(rep, lastEndpoint(dealer)) == 0)
            #expect(receive(dealer) == "" && getInt(dealer, ZMQ_RCVMORE) == 0)
            send(dealer, "", ZMQ_SNDMORE)
            send(dealer, "question")
            #expect(receive(rep) == "question")
        }

        /// Bytes that are no ZMTP, behind the id of whom they came from.
        @Test func rawRouter() throws {
            let sockets = try Sockets()
            let router = try sockets.make(ZMQ_ROUTER)
            #expect(setInt(router, ZMQ_ROUTER_RAW, 1) == 0)
            try #require(zmq_bind(router, "tcp://127.0.0.1:*") == 0)
            let peer = try RawConnection(to: lastEndpoint(router))
            #expect(try bytes(router, from: peer) == ["", "GET"])
        }

        /// A STREAM tells of who comes by an empty message, or does not.
        @Test(arguments: [0, 1] as [Int32]) func streamNotices(isOn: Int32) throws {
            let sockets = try Sockets()
            let stream = try sockets.make(ZMQ_STREAM)
            #expect(setInt(stream, ZMQ_STREAM_NOTIFY, isOn) == 0)
            try #require(zmq_bind(stream, "tcp://127.0.0.1:*") == 0)
            let peer = try RawConnection(to: lastEndpoint(stream))
            #expect(try bytes(stream, from: peer) == (isOn == 1 ? ["", "GET"] : ["GET"]))
        }

        /// What is received, without ids, until there are bytes.
        private func bytes(
            _ socket: UnsafeMutableRawPointer, from peer: RawConnection
        ) throws -> [String] {
            peer.send(Array("GET".utf8))
            var found: [String] = []
            while found.last != "GET" {
                try #require(receive(socket) != nil)
                found.append(try #require(receive(socket)))
            }
            return found
        }
    }
}
