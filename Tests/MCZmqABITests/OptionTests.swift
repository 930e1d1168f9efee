import CMCZmq
import Glibc
import MCZmqABI
import Testing

extension ZmqTests {
    /// Socket and context options.
    @Suite struct Options {
        /// libzmq's defaults, as read from a fresh DEALER.
        @Test func defaults() throws {
            let sockets = try Sockets()
            let socket = try #require(zmq_socket(sockets.context, ZMQ_DEALER))
            defer { zmq_close(socket) }
            let expected: [(Int32, Int32)] = [
                (ZMQ_SNDBUF, -1), (ZMQ_RCVBUF, -1), (ZMQ_RCVMORE, 0), (ZMQ_TYPE, ZMQ_DEALER),
                (ZMQ_LINGER, -1), (ZMQ_RECONNECT_IVL, 100), (ZMQ_BACKLOG, 100),
                (ZMQ_RECONNECT_IVL_MAX, 0), (ZMQ_SNDHWM, 1000), (ZMQ_RCVHWM, 1000),
                (ZMQ_RCVTIMEO, -1), (ZMQ_SNDTIMEO, -1), (ZMQ_IPV4ONLY, 1), (ZMQ_IPV6, 0),
                (ZMQ_TCP_KEEPALIVE, -1), (ZMQ_TCP_KEEPALIVE_CNT, -1),
                (ZMQ_TCP_KEEPALIVE_IDLE, -1), (ZMQ_TCP_KEEPALIVE_INTVL, -1), (ZMQ_IMMEDIATE, 0),
                (ZMQ_CONFLATE, 0), (ZMQ_TOS, 0), (ZMQ_HANDSHAKE_IVL, 30_000),
                (ZMQ_HEARTBEAT_IVL, 0), (ZMQ_HEARTBEAT_TTL, 0), (ZMQ_HEARTBEAT_TIMEOUT, -1),
                (ZMQ_CONNECT_TIMEOUT, 0), (ZMQ_TCP_MAXRT, 0), (ZMQ_THREAD_SAFE, 0),
                (ZMQ_MECHANISM, ZMQ_NULL), (ZMQ_RATE, 100), (ZMQ_RECOVERY_IVL, 10_000),
                (ZMQ_MULTICAST_HOPS, 1), (ZMQ_MULTICAST_MAXTPDU, 1500),
            ]
            for (option, value) in expected {
                #expect(getInt(socket, option) == value, "option \(option)")
            }
            var limit: Int64 = 0
            var size = 8
            #expect(zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &limit, &size) == 0)
            #expect(limit == -1 && size == 8)
            var affinity: UInt64 = 9
            #expect(zmq_getsockopt(socket, ZMQ_AFFINITY, &affinity, &size) == 0 && affinity == 0)
        }

        /// Numbers that can be set are read back, and those out of range leave everything as it was.
        @Test(
            arguments: [
                (ZMQ_SNDHWM, 5, -1), (ZMQ_RCVHWM, 0, -1), (ZMQ_LINGER, 250, -2),
                (ZMQ_SNDBUF, 4096, -2),
                (ZMQ_RCVBUF, 4096, -2), (ZMQ_RECONNECT_IVL, -1, -2), (ZMQ_RECONNECT_IVL_MAX, 9, -1),
                (ZMQ_BACKLOG, 7, -1), (ZMQ_RCVTIMEO, 3, -2), (ZMQ_SNDTIMEO, 3, -2),
                (ZMQ_TCP_KEEPALIVE, 1, 2), (ZMQ_TCP_KEEPALIVE_CNT, 4, -2),
                (ZMQ_TCP_KEEPALIVE_IDLE, 4, -2), (ZMQ_TCP_KEEPALIVE_INTVL, 4, -2),
                (ZMQ_IMMEDIATE, 1, 2),
                (ZMQ_IPV6, 1, 2), (ZMQ_TOS, 8, -1), (ZMQ_HANDSHAKE_IVL, 0, -1),
                (ZMQ_HEARTBEAT_IVL, 9, -1), (ZMQ_HEARTBEAT_TTL, 300, -100), (ZMQ_CONFLATE, 1, 2),
                (ZMQ_HEARTBEAT_TIMEOUT, 0, -1), (ZMQ_CONNECT_TIMEOUT, 9, -1),
                (ZMQ_TCP_MAXRT, 9, -1),
                (ZMQ_RATE, 9, 0), (ZMQ_MULTICAST_HOPS, 2, 0), (ZMQ_RECOVERY_IVL, 0, -1),
            ] as [(Int32, Int32, Int32)])
        func numbers(option: Int32, good: Int32, bad: Int32) throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            #expect(setInt(socket, option, good) == 0)
            #expect(getInt(socket, option) == good)
            #expect(failure(setInt(socket, option, bad)) == EINVAL)
            #expect(getInt(socket, option) == good)
            var wide: Int64 = 1
            #expect(failure(zmq_setsockopt(socket, option, &wide, 8)) == EINVAL)
            #expect(failure(zmq_setsockopt(socket, option, &wide, 3)) == EINVAL)
            #expect(failure(zmq_setsockopt(socket, option, nil, 4)) == EFAULT)
            var value: Int32 = 0
            var size = 3
            #expect(failure(zmq_getsockopt(socket, option, &value, &size)) == EINVAL)
            size = 4
            #expect(failure(zmq_getsockopt(socket, option, nil, &size)) == EFAULT)
            #expect(failure(zmq_getsockopt(socket, option, &value, nil)) == EFAULT)
        }

        /// ZMQ_IMMEDIATE is an option of every type, and 0 or 1.
        @Test(arguments: ZMQ_PAIR...ZMQ_XSUB)
        func immediateOfEveryType(type: Int32) throws {
            let sockets = try Sockets()
            let socket = try sockets.make(type)
            #expect(getInt(socket, ZMQ_IMMEDIATE) == 0)
            #expect(setInt(socket, ZMQ_IMMEDIATE, 1) == 0)
            #expect(getInt(socket, ZMQ_IMMEDIATE) == 1)
            #expect(failure(setInt(socket, ZMQ_IMMEDIATE, 2)) == EINVAL)
            #expect(getInt(socket, ZMQ_IMMEDIATE) == 1)
        }

        /// With ZMQ_IMMEDIATE nothing is queued for a peer that is not there; without, it is.
        @Test(arguments: [ZMQ_PAIR, ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ])
        func immediateWaitsForThePeer(type: Int32) throws {
            let sockets = try Sockets()
            let probe = try sockets.make(ZMQ_PAIR)
            try #require(zmq_bind(probe, "tcp://127.0.0.1:*") == 0)
            let endpoint = lastEndpoint(probe)
            try #require(zmq_unbind(probe, endpoint) == 0)

            let queueing = try #require(zmq_socket(sockets.context, type))
            setInt(queueing, ZMQ_LINGER, 0)
            try #require(zmq_connect(queueing, endpoint) == 0)
            #expect(send(queueing, "queued", ZMQ_DONTWAIT) == 6)
            zmq_close(queueing)

            let immediate = try sockets.make(type)
            try #require(setInt(immediate, ZMQ_IMMEDIATE, 1) == 0)
            try #require(zmq_connect(immediate, endpoint) == 0)
            #expect(getInt(immediate, ZMQ_EVENTS) == 0)
            #expect(failure(send(immediate, "nobody", ZMQ_DONTWAIT)) == EAGAIN)
            let peers = [ZMQ_PAIR: ZMQ_PAIR, ZMQ_PUSH: ZMQ_PULL, ZMQ_REQ: ZMQ_REP]
            let peer = try sockets.make(peers[type] ?? ZMQ_DEALER)
            try #require(zmq_bind(peer, endpoint) == 0)
            #expect(send(immediate, "somebody") == 8)
            #expect(receive(peer) == "somebody")
        }

        /// Every number of which there is no option, and those of one type on another.
        @Test func whatIsNoOption() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_PAIR)
            for option: Int32 in [-1, 0, 1, 2, 3, 10, 20, 26, 29, 30, 999, .max, .min] {
                #expect(failure(setInt(socket, option, 1)) == EINVAL, "\(option)")
                #expect(getInt(socket, option) == nil && errno == EINVAL, "\(option)")
            }
            for option in [
                ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE, ZMQ_XPUB_VERBOSE, ZMQ_ROUTER_MANDATORY,
                ZMQ_REQ_RELAXED, ZMQ_PROBE_ROUTER, ZMQ_XPUB_MANUAL, ZMQ_TYPE, ZMQ_RCVMORE,
                ZMQ_EVENTS, ZMQ_FD, ZMQ_LAST_ENDPOINT, ZMQ_MECHANISM,
            ] { #expect(failure(setInt(socket, option, 1)) == EINVAL, "\(option)") }
        }

        @Test func routingID() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            #expect(zmq_setsockopt(socket, ZMQ_ROUTING_ID, "name", 4) == 0)
            var buffer = [UInt8](repeating: 0, count: 8)
            var size = 8
            #expect(zmq_getsockopt(socket, ZMQ_ROUTING_ID, &buffer, &size) == 0)
            #expect(size == 4 && Array(buffer.prefix(4)) == Array("name".utf8))
            #expect(failure(zmq_setsockopt(socket, ZMQ_ROUTING_ID, "", 0)) == EINVAL)
            let long = [UInt8](repeating: 65, count: 256)
            #expect(failure(zmq_setsockopt(socket, ZMQ_ROUTING_ID, long, 256)) == EINVAL)
            #expect(zmq_setsockopt(socket, ZMQ_ROUTING_ID, long, 255) == 0)
        }

        @Test func contextOptions() throws {
            let context = zmq_ctx_new()
            defer { zmq_ctx_term(context) }
            let fresh: [(Int32, Int32)] = [
                (ZMQ_IO_THREADS, 1), (ZMQ_MAX_SOCKETS, 1023), (ZMQ_SOCKET_LIMIT, 65_535),
                (ZMQ_THREAD_SCHED_POLICY, -1), (ZMQ_MAX_MSGSZ, .max), (ZMQ_MSG_T_SIZE, 64),
                (ZMQ_THREAD_NAME_PREFIX, 0), (ZMQ_IPV6, 0), (ZMQ_BLOCKY, 1),
            ]
            for (option, value) in fresh {
                #expect(zmq_ctx_get(context, option) == value, "\(option)")
            }
            for option: Int32 in [0, 7, 8, 11, 41, 43, 71, -1] {
                #expect(failure(zmq_ctx_get(context, option)) == EINVAL, "\(option)")
            }
            let bad: [(Int32, Int32)] = [
                (ZMQ_IO_THREADS, -1), (ZMQ_MAX_SOCKETS, 0), (ZMQ_MAX_SOCKETS, 65_536),
                (ZMQ_MAX_MSGSZ, -1), (ZMQ_BLOCKY, 2), (ZMQ_IPV6, 2), (0, 0), (99, 1),
                (ZMQ_THREAD_AFFINITY_CPU_REMOVE, 5),
            ]
            for (option, value) in bad {
                #expect(failure(zmq_ctx_set(context, option, value)) == EINVAL, "\(option)")
            }
        }

        /// Each of these has an effect on the sockets that follow.
        @Test func contextOptionsWork() throws {
            let context = zmq_ctx_new()
            #expect(zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 2) == 0)
            #expect(zmq_ctx_set(context, ZMQ_BLOCKY, 0) == 0)
            #expect(zmq_ctx_set(context, ZMQ_IPV6, 1) == 0)
            #expect(zmq_ctx_set(context, ZMQ_IO_THREADS, 3) == 0)
            let first = try #require(zmq_socket(context, ZMQ_PUSH))
            let second = try #require(zmq_socket(context, ZMQ_PUSH))
            #expect(zmq_socket(context, ZMQ_PUSH) == nil && errno == EMFILE)
            #expect(getInt(first, ZMQ_LINGER) == 0 && getInt(second, ZMQ_IPV6) == 1)
            zmq_close(first)
            // A place is free when the socket is really gone.
            var third: UnsafeMutableRawPointer?
            for _ in 0..<1000 where third == nil {
                third = zmq_socket(context, ZMQ_PUSH)
                if third == nil { usleep(1000) }
            }
            #expect(third != nil)
            zmq_close(second)
            zmq_close(third)
            #expect(zmq_ctx_term(context) == 0)
        }
    }
}
