import CMCZmq
import Glibc
import MCZmqABI
import Testing

extension ZmqTests {
    /// zmq_msg_ functions, and messages on their way.
    @Suite struct Messages {
        /// A message that is none: never made, or closed.
        @Test func whatIsNoMessage() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_PUSH)
            var closed = zmq_msg_t()
            zmq_msg_init(&closed)
            #expect(zmq_msg_close(&closed) == 0)
            var never = zmq_msg_t()
            var good = zmq_msg_t()
            zmq_msg_init(&good)
            #expect(failure(zmq_msg_close(&closed)) == EFAULT)
            #expect(failure(zmq_msg_close(&never)) == EFAULT)
            #expect(failure(zmq_msg_close(nil)) == EFAULT)
            #expect(failure(zmq_msg_init(nil)) == EFAULT)
            #expect(failure(zmq_msg_init_size(nil, 1)) == EFAULT)
            #expect(failure(zmq_msg_init_data(nil, nil, 0, nil, nil)) == EFAULT)
            #expect(failure(zmq_msg_init_data(&never, nil, 1, nil, nil)) == EFAULT)
            #expect(failure(zmq_msg_init_size(&never, Int.max)) == ENOMEM)
            #expect(failure(zmq_msg_send(&closed, socket, 0)) == EFAULT)
            #expect(failure(zmq_msg_recv(nil, socket, 0)) == EFAULT)
            #expect(failure(zmq_msg_copy(&good, &closed)) == EFAULT)
            #expect(failure(zmq_msg_move(&closed, &good)) == EFAULT)
            #expect(zmq_msg_data(&closed) == nil && errno == EFAULT)
            #expect(zmq_msg_size(&closed) == 0 && errno == EFAULT)
            #expect(failure(zmq_msg_more(&closed)) == EFAULT)
            #expect(failure(zmq_msg_get(&good, 77)) == EINVAL)
            #expect(failure(zmq_msg_set(&good, ZMQ_MORE, 1)) == EINVAL)
            #expect(zmq_msg_gets(&good, "No-Such") == nil && errno == EINVAL)
            #expect(zmq_msg_close(&good) == 0)
        }

        /// Contents survive sizes around what fits into the message itself, moves and copies.
        @Test(arguments: [0, 1, 55, 56, 57, 64, 100, 8191, 8192, 100_000])
        func contents(size: Int) throws {
            let sockets = try Sockets()
            let (pull, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
            var message = zmq_msg_t()
            #expect(zmq_msg_init_size(&message, size) == 0)
            #expect(zmq_msg_size(&message) == size)
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
            if size > 0 { zmq_msg_data(&message)?.copyMemory(from: bytes, byteCount: size) }
            var copy = zmq_msg_t()
            zmq_msg_init(&copy)
            #expect(zmq_msg_copy(&copy, &message) == 0)
            var moved = zmq_msg_t()
            zmq_msg_init(&moved)
            #expect(zmq_msg_move(&moved, &message) == 0)
            #expect(zmq_msg_size(&message) == 0)
            for _ in 0..<2 {
                #expect(zmq_msg_send(&moved, push, 0) == size)
                #expect(zmq_msg_size(&moved) == 0, "a message that was sent is empty")
                #expect(zmq_msg_recv(&moved, pull, 0) == size)
                let data = UnsafeRawBufferPointer(start: zmq_msg_data(&moved), count: size)
                #expect(Array(data) == bytes)
            }
            let data = UnsafeRawBufferPointer(start: zmq_msg_data(&copy), count: size)
            #expect(Array(data) == bytes)
            zmq_msg_close(&copy)
            zmq_msg_close(&moved)
            zmq_msg_close(&message)
        }

        /// What was lent is given back once: by closing, by sending, by dropping; and not before the last
        /// copy goes.
        @Test func lentMemoryIsGivenBack() throws {
            let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)
            counter.initialize(to: 0)
            let data = UnsafeMutableRawPointer.allocate(byteCount: 20_000, alignment: 16)
            var message = zmq_msg_t()
            for size in [1, 56, 100, 20_000] {
                counter.pointee = 0
                #expect(zmq_msg_init_data(&message, data, size, countedFree, counter) == 0)
                #expect(zmq_msg_data(&message) == data)
                var copy = zmq_msg_t()
                zmq_msg_init(&copy)
                zmq_msg_copy(&copy, &message)
                #expect(zmq_msg_get(&copy, ZMQ_SHARED) == 1)
                zmq_msg_close(&message)
                #expect(counter.pointee == 0)
                zmq_msg_close(&copy)
                #expect(counter.pointee == 1)
                do {
                    let sockets = try Sockets()
                    let (pull, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
                    zmq_msg_init_data(&message, data, size, countedFree, counter)
                    #expect(zmq_msg_send(&message, push, 0) == size)
                    zmq_msg_close(&message)
                    #expect(zmq_recv(pull, nil, 0, 0) == size)
                }
                #expect(counter.pointee == 2)
                do {
                    // Nobody will ever read it.
                    let sockets = try Sockets()
                    let push = try sockets.make(ZMQ_PUSH)
                    try #require(zmq_connect(push, "tcp://127.0.0.1:1") == 0)
                    zmq_msg_init_data(&message, data, size, countedFree, counter)
                    #expect(zmq_msg_send(&message, push, 0) == size)
                    zmq_msg_close(&message)
                    // It has not gone anywhere: its owner must not think so.
                    #expect(counter.pointee == 2)
                }
                #expect(counter.pointee == 3)
            }
            data.deallocate()
            counter.deallocate()
        }

        /// Small pieces of memory that were lent before there was a peer arrive whole and in order among
        /// others, and are given back then.
        @Test func lentBeforeThereIsAPeer() throws {
            let sockets = try Sockets()
            let endpoint = deserted("lent")
            let push = try sockets.make(ZMQ_PUSH)
            try #require(zmq_connect(push, endpoint) == 0)

            let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)
            counter.initialize(to: 0)
            let data = UnsafeMutablePointer<UInt8>.allocate(capacity: 300)
            for index in 0..<300 { data[index] = UInt8(truncatingIfNeeded: index) }
            for size in 0..<300 {
                var message = zmq_msg_t()
                zmq_msg_init_data(&message, data, size, countedFree, counter)
                #expect(zmq_msg_send(&message, push, ZMQ_SNDMORE) == size)
                #expect(send(push, "between", size % 2 == 0 ? ZMQ_SNDMORE : 0) == 7)
            }
            // All but the empty one, which has no memory that could be in use.
            #expect(counter.pointee <= 1)
            let pull = try sockets.make(ZMQ_PULL)
            try #require(zmq_bind(pull, endpoint) == 0)
            var buffer = [UInt8](repeating: 0, count: 300)
            for size in 0..<300 {
                try #require(zmq_recv(pull, &buffer, 300, 0) == size)
                #expect(buffer.prefix(size).elementsEqual((0..<size).map { UInt8($0 & 255) }))
                #expect(receive(pull) == "between")
                #expect(getInt(pull, ZMQ_RCVMORE) == (size % 2 == 0 ? 1 : 0))
            }
            for _ in 0..<1000 where counter.pointee < 300 { usleep(1000) }
            #expect(counter.pointee == 300)
            data.deallocate()
            counter.deallocate()
        }

        /// Frames of one message, sent and received one by one, with the flag that says so.
        @Test(arguments: ["tcp://127.0.0.1:*", "inproc://frames"])
        func frameByFrame(endpoint: String) throws {
            let sockets = try Sockets()
            let (router, dealer) = try sockets.pair(ZMQ_ROUTER, ZMQ_DEALER, endpoint)
            #expect(send(dealer, "one", ZMQ_SNDMORE) == 3)
            #expect(send(dealer, "", ZMQ_SNDMORE) == 0)
            #expect(send(dealer, "three") == 5)
            var id = [UInt8](repeating: 0, count: 16)
            let length = zmq_recv(router, &id, 16, 0)
            #expect(length == 5 && getInt(router, ZMQ_RCVMORE) == 1)
            // In the middle of a message: there is more to receive.
            #expect(getInt(router, ZMQ_EVENTS).map { $0 & ZMQ_POLLIN } == ZMQ_POLLIN)
            var item = zmq_pollitem_t(socket: router, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            #expect(zmq_poll(&item, 1, 0) == 1 && item.revents == Int16(ZMQ_POLLIN))
            #expect(receive(router) == "one" && getInt(router, ZMQ_RCVMORE) == 1)
            #expect(receive(router)?.isEmpty == true && getInt(router, ZMQ_RCVMORE) == 1)
            #expect(receive(router) == "three" && getInt(router, ZMQ_RCVMORE) == 0)
            #expect(receive(router, ZMQ_DONTWAIT) == nil && errno == EAGAIN)
            #expect(zmq_send(router, &id, 5, ZMQ_SNDMORE) == 5)
            #expect(send(router, "back") == 4)
            #expect(receive(dealer) == "back")
        }

        /// A request whose envelope a REP has taken off is a message of one frame.
        @Test func requestAndReply() throws {
            let sockets = try Sockets()
            let (rep, req) = try sockets.pair(ZMQ_REP, ZMQ_REQ)
            send(req, "question")
            #expect(receive(rep) == "question" && getInt(rep, ZMQ_RCVMORE) == 0)
            #expect(failure(zmq_recv(rep, nil, 0, 0)) == Errors.stateMachine)
            send(rep, "answer", ZMQ_SNDMORE)
            send(rep, "more")
            #expect(receive(req) == "answer" && getInt(req, ZMQ_RCVMORE) == 1)
            #expect(receive(req) == "more" && getInt(req, ZMQ_RCVMORE) == 0)
            #expect(failure(send(rep, "too much")) == Errors.stateMachine)
        }

        /// Each property of a message, of one's own, of one that was received, and of a copied one; none can
        /// be set.
        @Test func numberedProperties() throws {
            let sockets = try Sockets()
            let (pull, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
            send(push, "first", ZMQ_SNDMORE)
            send(push, String(repeating: "long", count: 100))
            var own = zmq_msg_t()
            zmq_msg_init_size(&own, 400)
            var (first, long, copy) = (zmq_msg_t(), zmq_msg_t(), zmq_msg_t())
            zmq_msg_init(&first)
            zmq_msg_init(&long)
            #expect(zmq_msg_recv(&first, pull, 0) == 5)
            #expect(zmq_msg_recv(&long, pull, 0) == 400)
            #expect(zmq_msg_get(&own, ZMQ_MORE) == 0 && zmq_msg_more(&own) == 0)
            #expect(zmq_msg_get(&first, ZMQ_MORE) == 1 && zmq_msg_more(&first) == 1)
            #expect(zmq_msg_get(&long, ZMQ_MORE) == 0 && zmq_msg_more(&long) == 0)
            #expect(failure(zmq_msg_get(&own, ZMQ_SRCFD)) == EINVAL)
            #expect(zmq_msg_get(&first, ZMQ_SRCFD) > 2)
            #expect(zmq_msg_get(&own, ZMQ_SHARED) == 0)
            zmq_msg_init(&copy)
            #expect(zmq_msg_copy(&copy, &own) == 0)
            #expect(zmq_msg_get(&own, ZMQ_SHARED) == 1 && zmq_msg_get(&copy, ZMQ_SHARED) == 1)
            for number in Array(Int32(-1)...20) + [.max, .min] {
                if ![ZMQ_MORE, ZMQ_SRCFD, ZMQ_SHARED].contains(number) {
                    #expect(failure(zmq_msg_get(&own, number)) == EINVAL, "\(number)")
                }
                #expect(failure(zmq_msg_set(&own, number, 1)) == EINVAL, "\(number)")
                #expect(failure(zmq_msg_set(nil, number, 1)) == EFAULT, "\(number)")
            }
            zmq_msg_close(&own)
            zmq_msg_close(&first)
            zmq_msg_close(&long)
            zmq_msg_close(&copy)
        }

        /// What is known of the peer that a message came from.
        @Test func properties() throws {
            let sockets = try Sockets()
            let (dealer, router) = try sockets.pair(ZMQ_DEALER, ZMQ_ROUTER)
            zmq_setsockopt(dealer, 95, "X-Late:no", 9)
            // Waits for the connection.
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            send(dealer, "hello")
            #expect(zmq_msg_recv(&message, router, 0) == 5)
            func get(_ name: String) -> String? {
                zmq_msg_gets(&message, name).map { String(cString: $0) }
            }
            for _ in 0..<2 {
                #expect(get("Peer-Address") == "127.0.0.1")
                #expect(get("Socket-Type") == "DEALER")
                #expect(get("Routing-Id")?.isEmpty == true)
                #expect(get("User-Id") == nil && errno == EINVAL)
                #expect(get("No-Such") == nil && errno == EINVAL)
                #expect(zmq_msg_get(&message, ZMQ_SRCFD) > 2)
                #expect(zmq_msg_recv(&message, router, ZMQ_DONTWAIT) == 5 || errno == EAGAIN)
            }
            #expect(zmq_msg_gets(&message, nil) == nil && errno == EFAULT)
            zmq_msg_close(&message)
        }

        /// A buffer that is too small gets the beginning; the call says how much there was.
        @Test func truncated() throws {
            let sockets = try Sockets()
            let (pull, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
            send(push, "0123456789")
            var buffer: [UInt8] = [1, 1, 1, 1, 1, 1]
            #expect(zmq_recv(pull, &buffer, 4, 0) == 10)
            #expect(buffer == [48, 49, 50, 51, 1, 1])
            #expect(failure(zmq_recv(pull, nil, 4, 0)) == EFAULT)
            #expect(failure(zmq_send(push, nil, 4, 0)) == EFAULT)
        }

        @Test func vectors() throws {
            let sockets = try Sockets()
            let (pull, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
            var bytes = Array("abcdef".utf8)
            bytes.withUnsafeMutableBytes { bytes in
                var parts = [
                    iovec(iov_base: bytes.baseAddress, iov_len: 2),
                    iovec(iov_base: bytes.baseAddress! + 2, iov_len: 4),
                ]
                #expect(zmq_sendiov(push, &parts, 2, ZMQ_SNDMORE) == 4)
            }
            var parts = [iovec](repeating: iovec(), count: 3)
            var count = 3
            #expect(zmq_recviov(pull, &parts, &count, 0) == 2)
            #expect(count == 2 && parts[0].iov_len == 2 && parts[1].iov_len == 4)
            #expect(memcmp(parts[1].iov_base, "cdef", 4) == 0)
            for part in parts.prefix(2) { free(part.iov_base) }
            #expect(failure(zmq_sendiov(push, nil, 2, 0)) == EINVAL)
            count = 0
            #expect(failure(zmq_recviov(pull, &parts, &count, 0)) == EINVAL)
        }
    }
}

/// Counts what is given back.
private func countedFree(_ data: UnsafeMutableRawPointer?, _ hint: UnsafeMutableRawPointer?) {
    hint?.assumingMemoryBound(to: Int.self).pointee += 1
}
