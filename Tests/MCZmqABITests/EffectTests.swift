import CMCZmq
import Glibc
import MCTestSupport
import Testing

extension ZmqTests {
    /// Options of connections and queues have an effect: each test fails when its option is ignored.
    @Suite struct Effects {
        /// What is still to be sent holds the context's end up for so long, and no longer.
        @Test(arguments: [0, 300, -1] as [Int32]) func linger(milliseconds: Int32) throws {
            let context = try #require(zmq_ctx_new())
            let push = try #require(zmq_socket(context, ZMQ_PUSH))
            setInt(push, ZMQ_LINGER, milliseconds)
            // Nobody is there, and somebody comes late to who lingers for ever.
            let endpoint = deserted("lingering\(milliseconds)")
            try #require(zmq_connect(push, endpoint) == 0)
            #expect(send(push, "late") == 4)
            let begin = clockMilliseconds()
            zmq_close(push)
            var peer: Joined?
            if milliseconds < 0 {
                peer = Joined {
                    usleep(400_000)
                    guard let sockets = try? Sockets(), let pull = try? sockets.make(ZMQ_PULL)
                    else {
                        return
                    }
                    zmq_bind(pull, endpoint)
                    _ = receive(pull)
                }
            }
            #expect(zmq_ctx_term(context) == 0)
            let time = clockMilliseconds() - begin
            peer?.join()
            switch milliseconds {
            case 0: #expect(time < 250)
            case 300: #expect((290...5000).contains(time), "\(time) ms")
            default: #expect(time >= 400, "\(time) ms")
            }
        }

        /// The descriptor is readable when there is news, and ZMQ_EVENTS says what can be done.
        @Test func descriptorAndEvents() throws {
            let sockets = try Sockets()
            let (pair, peer) = try sockets.pair(ZMQ_PAIR, ZMQ_PAIR)
            var waiting = pollfd()
            waiting.fd = try #require(getInt(pair, ZMQ_FD))
            waiting.events = Int16(POLLIN)
            func waitFor(_ events: Int32) -> Bool {
                for _ in 0..<100 {
                    if getInt(pair, ZMQ_EVENTS) == events { return true }
                    poll(&waiting, 1, 10_000)
                }
                return false
            }
            // Somebody is there.
            #expect(waitFor(ZMQ_POLLOUT))
            #expect(poll(&waiting, 1, 0) == 0)
            send(peer, "news")
            #expect(waitFor(ZMQ_POLLIN | ZMQ_POLLOUT))
            #expect(receive(pair) == "news")
            #expect(getInt(pair, ZMQ_EVENTS) == ZMQ_POLLOUT)
        }

        @Test func maximumMessageSize() throws {
            let sockets = try Sockets()
            let pull = try sockets.make(ZMQ_PULL)
            let watched = try Watched(pull, sockets)
            var limit: Int64 = 10
            #expect(zmq_setsockopt(pull, ZMQ_MAXMSGSIZE, &limit, 8) == 0)
            try #require(zmq_bind(pull, "tcp://127.0.0.1:*") == 0)
            let push = try sockets.make(ZMQ_PUSH)
            setInt(push, ZMQ_RECONNECT_IVL, -1)
            try #require(zmq_connect(push, lastEndpoint(pull)) == 0)
            send(push, "0123456789")
            #expect(receive(pull) == "0123456789")
            send(push, "0123456789A")
            #expect(watched.next(ZMQ_EVENT_DISCONNECTED) != nil)
            #expect(receive(pull, ZMQ_DONTWAIT) == nil)
        }

        /// The pauses between attempts begin with the interval, and grow no longer than the maximum.
        @Test func reconnectPauses() throws {
            let sockets = try Sockets()
            for (interval, maximum, longest) in [(20, 45, 45), (20, 0, 20)]
                as [(Int32, Int32, Int32)]
            {
                let push = try sockets.make(ZMQ_PUSH)
                setInt(push, ZMQ_RECONNECT_IVL, interval)
                setInt(push, ZMQ_RECONNECT_IVL_MAX, maximum)
                let watched = try Watched(push, sockets)
                try #require(zmq_connect(push, "ipc:///tmp/there-is-no-such-\(getpid())") == 0)
                let pauses = (0..<5).compactMap { _ in
                    watched.next(ZMQ_EVENT_CONNECT_RETRIED)?.value
                }
                #expect(pauses.count == 5)
                // A part of an interval by chance on top, so that not all come back at once.
                #expect(pauses.allSatisfy { $0 >= interval && $0 <= longest + interval })
                #expect(pauses.contains { $0 > 2 * interval } == (maximum != 0), "\(pauses)")
            }
        }

        /// With either bit of libzmq's number for it what was disconnected is not dialled any more, whatever
        /// there still is to send.
        @Test(arguments: [0, 1, 2, 3] as [Int32])
        func reconnectStopsAfterDisconnect(stop: Int32) throws {
            let sockets = try Sockets()
            let path = "ipc:///tmp/comes-late-\(getpid())-\(stop)"
            let (pull, push) = (try sockets.make(ZMQ_PULL), try sockets.make(ZMQ_PUSH))
            setInt(push, ZMQ_LINGER, 5000)
            setInt(push, ZMQ_RECONNECT_IVL, 500)
            #expect(setInt(push, 109, stop) == 0)
            try #require(zmq_bind(pull, path) == 0)
            try #require(zmq_connect(push, path) == 0)
            send(push, "first")
            #expect(receive(pull) == "first")
            // The peer is away, and comes back before it is dialled again.
            let watched = try Watched(push, sockets)
            try #require(zmq_unbind(pull, path) == 0)
            #expect(watched.next(ZMQ_EVENT_DISCONNECTED) != nil)
            send(push, "second")
            try #require(zmq_disconnect(push, path) == 0)
            try #require(zmq_bind(pull, path) == 0)
            setInt(pull, ZMQ_RCVTIMEO, stop == 0 ? 10_000 : 1000)
            #expect(receive(pull) == (stop == 0 ? "second" : nil))
        }

        /// Who connects and says nothing is let go in time.
        @Test func handshakeInterval() throws {
            let sockets = try Sockets()
            let pull = try sockets.make(ZMQ_PULL)
            #expect(setInt(pull, ZMQ_HANDSHAKE_IVL, 200) == 0)
            try #require(zmq_bind(pull, "tcp://127.0.0.1:*") == 0)
            let silent = try RawConnection(to: lastEndpoint(pull))
            #expect((190...5000).contains(silent.timeUntilClosed()))
        }

        /// A peer that does not answer is let go after the timeout, and not after the shorter interval.
        @Test func heartbeatTimeout() throws {
            let sockets = try Sockets()
            let dealer = try sockets.make(ZMQ_DEALER)
            #expect(setInt(dealer, ZMQ_HEARTBEAT_IVL, 40) == 0)
            #expect(setInt(dealer, ZMQ_HEARTBEAT_TIMEOUT, 400) == 0)
            try #require(zmq_bind(dealer, "tcp://127.0.0.1:*") == 0)
            let peer = try RawConnection(to: lastEndpoint(dealer))
            peer.shakeHands(as: "DEALER")
            let time = peer.timeUntilClosed()
            #expect((390...5000).contains(time), "\(time) ms")
        }

        /// An address that answers nothing is given up in time: a listener's whose queue is full.
        @Test func connectTimeout() throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = loopback(0)
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(listener, $0, size)
                    _ = getsockname(listener, $0, &size)
                }
            }
            try #require(listen(listener, 0) == 0)
            let endpoint = "tcp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
            let waiting = try RawConnection(to: endpoint)
            defer { withExtendedLifetime(waiting) {} }
            let sockets = try Sockets()
            let push = try sockets.make(ZMQ_PUSH)
            #expect(setInt(push, ZMQ_CONNECT_TIMEOUT, 200) == 0)
            let watched = try Watched(push, sockets)
            try #require(zmq_connect(push, endpoint) == 0)
            let begin = clockMilliseconds()
            #expect(watched.next(ZMQ_EVENT_CLOSED) != nil)
            #expect((150...5000).contains(clockMilliseconds() - begin))
        }

        /// Two names of one setting: whether `*` is all of IPv6 and IPv4, or of IPv4 alone.
        @Test func addressFamilies() throws {
            let sockets = try Sockets()
            for (option, value, isBoth) in [
                (ZMQ_IPV6, 1, true), (ZMQ_IPV6, 0, false), (ZMQ_IPV4ONLY, 0, true),
                (ZMQ_IPV4ONLY, 1, false),
            ] as [(Int32, Int32, Bool)] {
                let pull = try sockets.make(ZMQ_PULL)
                #expect(setInt(pull, option, value) == 0)
                #expect(getInt(pull, ZMQ_IPV6) == (isBoth ? 1 : 0))
                #expect(getInt(pull, ZMQ_IPV4ONLY) == (isBoth ? 0 : 1))
                try #require(zmq_bind(pull, "tcp://*:*") == 0)
                #expect(lastEndpoint(pull).contains("[::]") == isBoth)
            }
        }
    }
}
