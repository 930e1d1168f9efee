import CMCZmq
import Glibc
import MCZmqABI
import Testing

extension ZmqTests {
    /// Socket and context options.
    @Suite struct Options {
        /// What cannot be set, and is not asked twice with the same answer.
        @Test(arguments: SocketTypes.all) func whatASocketIs(type: Int32) throws {
            let sockets = try Sockets()
            let socket = try sockets.make(type)
            #expect(getInt(socket, ZMQ_TYPE) == type)
            let isThreadSafe = SocketTypes.threadSafe.contains(type)
            #expect(getInt(socket, ZMQ_THREAD_SAFE) == (isThreadSafe ? 1 : 0))
            #expect(getInt(socket, ZMQ_FD) != nil)
            #expect(getInt(socket, ZMQ_MECHANISM) == ZMQ_NULL)
        }

        /// No memory is EFAULT, where libzmq reads and writes it all the same.
        @Test func noMemory() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            var value: Int32 = 0
            var size = 4
            for option in [ZMQ_SNDHWM, ZMQ_TYPE, ZMQ_EVENTS, ZMQ_ROUTING_ID, ZMQ_SOCKS_PROXY] {
                #expect(failure(zmq_getsockopt(socket, option, nil, &size)) == EFAULT)
                #expect(failure(zmq_getsockopt(socket, option, &value, nil)) == EFAULT)
            }
            for option in [ZMQ_SNDHWM, ZMQ_ROUTING_ID, ZMQ_SOCKS_PROXY] {
                #expect(failure(zmq_setsockopt(socket, option, nil, 4)) == EFAULT)
            }
        }

        /// Text is UTF-8. libzmq takes any bytes; no host, device or user here has such a name.
        @Test(arguments: [ZMQ_BINDTODEVICE, ZMQ_SOCKS_PROXY, 99, 100, ZMQ_ZAP_DOMAIN])
        func whatIsNoText(option: Int32) throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            #expect(failure(zmq_setsockopt(socket, option, [0xFF, 0xFE] as [UInt8], 2)) == EINVAL)
        }

        /// With ZMQ_IMMEDIATE nothing is queued for a peer that is not there; without, it is.
        @Test(arguments: [ZMQ_PAIR, ZMQ_PUSH, ZMQ_DEALER, ZMQ_REQ])
        func immediateWaitsForThePeer(type: Int32) throws {
            let sockets = try Sockets()
            let endpoint = deserted("immediate\(type)")
            let queueing = try sockets.make(type)
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

        /// Every number of which there is no option.
        @Test func whatIsNoOption() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_PAIR)
            for option: Int32 in [-1, 0, 1, 2, 3, 10, 20, 26, 29, 30, 999, .max, .min] {
                #expect(failure(setInt(socket, option, 1)) == EINVAL, "\(option)")
                #expect(getInt(socket, option) == nil && errno == EINVAL, "\(option)")
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
