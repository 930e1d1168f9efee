import CMCZmq
import Glibc
import Testing

extension ZmqTests {
    /// Options that the kernel has a word in: each is asked of the kernel.
    @Suite struct Kernel {
        /// The descriptors of a connection between two sockets with these options, and of the listener.
        private struct Ends {
            let listening: Int32
            let accepted: Int32
            let connected: Int32
            var both: [Int32] { [accepted, connected] }
        }

        private func withEnds(
            _ options: [(Int32, Int32)], _ body: (Ends) throws -> Void
        ) throws {
            let sockets = try Sockets()
            let pull = try sockets.make(ZMQ_PULL)
            let push = try sockets.make(ZMQ_PUSH)
            for (option, value) in options {
                for socket in [pull, push] {
                    try #require(setInt(socket, option, value) == 0, "\(option)")
                }
            }
            let (bound, dialled) = (try Watched(pull, sockets), try Watched(push, sockets))
            try #require(zmq_bind(pull, "tcp://127.0.0.1:*") == 0)
            try #require(zmq_connect(push, lastEndpoint(pull)) == 0)
            try body(
                Ends(
                    listening: try #require(bound.next(ZMQ_EVENT_LISTENING)).value,
                    accepted: try #require(bound.next(ZMQ_EVENT_ACCEPTED)).value,
                    connected: try #require(dialled.next(ZMQ_EVENT_CONNECTED)).value))
        }

        /// The kernel doubles what it is asked for.
        @Test func buffers() throws {
            try withEnds([(ZMQ_SNDBUF, 20_000), (ZMQ_RCVBUF, 30_000)]) { ends in
                for end in ends.both {
                    #expect(kernelOption(end, SOL_SOCKET, SO_SNDBUF) == 40_000)
                    #expect(kernelOption(end, SOL_SOCKET, SO_RCVBUF) == 60_000)
                }
            }
        }

        /// Of a listener the kernel says how many connections may wait where it says, of a connection, how
        /// many segments were acknowledged out of order.
        @Test func backlog() throws {
            try withEnds([(ZMQ_BACKLOG, 7)]) { ends in
                var info = tcp_info()
                var size = socklen_t(MemoryLayout<tcp_info>.size)
                #expect(
                    getsockopt(ends.listening, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0)
                #expect(info.tcpi_sacked == 7)
            }
        }

        @Test func typeOfService() throws {
            try withEnds([(ZMQ_TOS, 0x28)]) { ends in
                for end in ends.both {
                    #expect(kernelOption(end, Int32(IPPROTO_IP), IP_TOS) == 0x28)
                }
            }
        }

        @Test func keepAlive() throws {
            let options = [
                (ZMQ_TCP_KEEPALIVE, 1), (ZMQ_TCP_KEEPALIVE_CNT, 7), (ZMQ_TCP_KEEPALIVE_IDLE, 111),
                (ZMQ_TCP_KEEPALIVE_INTVL, 22),
            ]
            try withEnds(options.map { ($0.0, Int32($0.1)) }) { ends in
                for end in ends.both {
                    #expect(kernelOption(end, SOL_SOCKET, SO_KEEPALIVE) == 1)
                    #expect(kernelOption(end, Int32(IPPROTO_TCP), TCP_KEEPCNT) == 7)
                    #expect(kernelOption(end, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 111)
                    #expect(kernelOption(end, Int32(IPPROTO_TCP), TCP_KEEPINTVL) == 22)
                }
            }
        }

        @Test func retransmission() throws {
            try withEnds([(ZMQ_TCP_MAXRT, 4321)]) { ends in
                for end in ends.both {
                    #expect(kernelOption(end, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 4321)
                }
            }
        }

        @Test func device() throws {
            let sockets = try Sockets()
            for (name, works) in [("lo", true), ("no-such-device", false)] {
                let pull = try sockets.make(ZMQ_PULL)
                let bound = try Watched(pull, sockets)
                #expect(zmq_setsockopt(pull, ZMQ_BINDTODEVICE, name, name.utf8.count) == 0)
                #expect((zmq_bind(pull, "tcp://127.0.0.1:*") == 0) == works, "\(name)")
                guard works, let event = bound.next(ZMQ_EVENT_LISTENING) else { continue }
                var text = [UInt8](repeating: 0, count: 16)
                var size = socklen_t(16)
                #expect(getsockopt(event.value, SOL_SOCKET, SO_BINDTODEVICE, &text, &size) == 0)
                #expect(text.prefix(3) == [108, 111, 0])
            }
        }

        #if ZMQ_BUILD_DRAFT_API
        @Test func priority() throws {
            try withEnds([(ZMQ_PRIORITY, 3)]) { ends in
                for end in ends.both {
                    #expect(kernelOption(end, SOL_SOCKET, SO_PRIORITY) == 3)
                }
            }
        }

        /// Datagrams to a group go so far, and come back to this host or not.
        @Test func multicast() throws {
            let sockets = try Sockets()
            for (hops, loops) in [(Int32(5), Int32(0)), (3, 1)] {
                let radio = try sockets.make(ZMQ_RADIO)
                #expect(setInt(radio, ZMQ_MULTICAST_HOPS, hops) == 0)
                #expect(setInt(radio, ZMQ_MULTICAST_LOOP, loops) == 0)
                try #require(zmq_connect(radio, "udp://239.0.0.1:5555") == 0)
                let found = (Int32(3)..<1024).filter {
                    kernelOption($0, SOL_SOCKET, SO_TYPE) == Int32(SOCK_DGRAM.rawValue)
                        && kernelOption($0, Int32(IPPROTO_IP), IP_MULTICAST_TTL) == hops
                        && kernelOption($0, Int32(IPPROTO_IP), IP_MULTICAST_LOOP) == loops
                }
                #expect(found.count == 1)
            }
        }
        #endif
    }
}
