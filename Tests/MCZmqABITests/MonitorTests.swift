import CMCZmq
import Glibc
import Testing

extension ZmqTests {
    /// What a socket tells of itself (zmq_socket_monitor(3), zmq_socket_monitor_versioned(3)).
    @Suite struct Monitors {
        /// Where a monitor may be bound, and what it may be asked for.
        @Test func refusals() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            for endpoint in ["tcp://127.0.0.1:*", "ipc://*", "foo://x"] {
                #expect(failure(zmq_socket_monitor(socket, endpoint, 1)) == EPROTONOSUPPORT)
            }
            for endpoint in ["nonsense", "", "inproc://", "://x"] {
                #expect(failure(zmq_socket_monitor(socket, endpoint, 1)) == EINVAL, "\(endpoint)")
            }
            // The first version has 16 bits.
            for events in [-1, 0x10000, Int32.min] {
                #expect(failure(zmq_socket_monitor(socket, "inproc://m", events)) == EINVAL)
            }
            #expect(zmq_socket_monitor(socket, "inproc://m", 0xFFFF) == 0)
            #expect(zmq_socket_monitor(socket, nil, 0) == 0)
            let taken = try sockets.make(ZMQ_PAIR)
            #expect(zmq_bind(taken, "inproc://taken") == 0)
            #expect(failure(zmq_socket_monitor(socket, "inproc://taken", 1)) == EADDRINUSE)
            #expect(failure(zmq_socket_monitor(nil, "inproc://m", 1)) == ENOTSOCK)
        }

        /// Only what was asked for is told; the last of it is the end.
        @Test func theFirstVersion() throws {
            let sockets = try Sockets()
            let pull = try sockets.make(ZMQ_PULL)
            let monitor = try sockets.make(ZMQ_PAIR)
            let events = ZMQ_EVENT_LISTENING | ZMQ_EVENT_MONITOR_STOPPED
            try #require(zmq_socket_monitor(pull, "inproc://m", events) == 0)
            try #require(zmq_connect(monitor, "inproc://m") == 0)
            try #require(zmq_bind(pull, "tcp://127.0.0.1:*") == 0)
            let endpoint = lastEndpoint(pull)
            try #require(zmq_unbind(pull, endpoint) == 0)
            try #require(zmq_socket_monitor(pull, nil, 0) == 0)
            var bytes = [UInt8](repeating: 0, count: 7)
            #expect(zmq_recv(monitor, &bytes, 7, 0) == 6)
            #expect(bytes.prefix(2) == [UInt8(ZMQ_EVENT_LISTENING), 0])
            #expect(receive(monitor) == endpoint && getInt(monitor, ZMQ_RCVMORE) == 0)
            #expect(zmq_recv(monitor, &bytes, 7, 0) == 6)
            #expect(bytes.prefix(6) == [0, UInt8(ZMQ_EVENT_MONITOR_STOPPED >> 8), 0, 0, 0, 0])
            #expect(receive(monitor) == "" && getInt(monitor, ZMQ_RCVMORE) == 0)
        }

        #if ZMQ_BUILD_DRAFT_API
        /// An event of the second version.
        private struct Event: Equatable {
            var number: Int
            var values: [Int]
            var local: String
            var remote: String
        }

        private func next(_ monitor: UnsafeMutableRawPointer) throws -> Event {
            func number() throws -> Int {
                var value: UInt64 = 0
                try #require(zmq_recv(monitor, &value, 8, 0) == 8)
                try #require(getInt(monitor, ZMQ_RCVMORE) == 1)
                return Int(value)
            }
            let event = try number()
            let values = try (0..<(try number())).map { _ in try number() }
            let local = try #require(receive(monitor))
            try #require(getInt(monitor, ZMQ_RCVMORE) == 1)
            let remote = try #require(receive(monitor))
            try #require(getInt(monitor, ZMQ_RCVMORE) == 0)
            return Event(number: event, values: values, local: local, remote: remote)
        }

        /// A monitor of everything, by a socket of `type`, and the one that hears it.
        private func monitor(
            _ socket: UnsafeMutableRawPointer, _ name: String, _ sockets: Sockets,
            type: Int32 = ZMQ_PAIR
        ) throws -> UnsafeMutableRawPointer {
            let endpoint = "inproc://\(name)"
            try #require(
                zmq_socket_monitor_versioned(
                    socket, endpoint, UInt64(ZMQ_EVENT_ALL | ZMQ_EVENT_PIPES_STATS), 2, type) == 0)
            let hearer = try sockets.make([ZMQ_PUB: ZMQ_SUB, ZMQ_PUSH: ZMQ_PULL][type] ?? ZMQ_PAIR)
            if type == ZMQ_PUB { zmq_setsockopt(hearer, ZMQ_SUBSCRIBE, "", 0) }
            try #require(zmq_connect(hearer, endpoint) == 0)
            return hearer
        }

        @Test func refusalsOfVersions() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_DEALER)
            func start(_ events: UInt64, _ version: Int32, _ type: Int32) -> Int32? {
                failure(zmq_socket_monitor_versioned(socket, "inproc://v", events, version, type))
            }
            for type in Array(Int32(-1)...21) {
                let isGood = [ZMQ_PAIR, ZMQ_PUB, ZMQ_PUSH].contains(type)
                #expect(start(1, 2, type) == (isGood ? nil : EINVAL), "\(type)")
            }
            for version: Int32 in [0, 3, -1] { #expect(start(1, version, ZMQ_PAIR) == EINVAL) }
            #expect(start(UInt64(ZMQ_EVENT_PIPES_STATS), 1, ZMQ_PAIR) == EINVAL)
            #expect(start(.max, 2, ZMQ_PAIR) == nil && start(0xFFFF, 1, ZMQ_PUSH) == nil)
            #expect(zmq_socket_monitor_versioned(socket, nil, 0, 2, ZMQ_PAIR) == 0)
        }

        /// Both ends of a connection are told by both of them, by whichever socket the monitor sends.
        @Test(arguments: [ZMQ_PAIR, ZMQ_PUB, ZMQ_PUSH], ["tcp://127.0.0.1:*", "ipc://*"])
        func bothEnds(type: Int32, text: String) throws {
            let sockets = try Sockets()
            let (pull, push) = (try sockets.make(ZMQ_PULL), try sockets.make(ZMQ_PUSH))
            let bound = try monitor(pull, "bound", sockets, type: type)
            let dialled = try monitor(push, "dialled", sockets, type: type)
            try #require(zmq_bind(pull, text) == 0)
            let endpoint = lastEndpoint(pull)
            try #require(zmq_connect(push, endpoint) == 0)
            send(push, "x")
            #expect(receive(pull) == "x")
            let there = try (0..<3).map { _ in try next(bound) }
            let here = try (0..<3).map { _ in try next(dialled) }
            let far = here[1].local
            #expect(far != endpoint && far.hasPrefix(text.prefix(6)))
            func told(_ events: [Event]) -> [[String]] {
                events.map { ["\($0.number)", "\($0.values.count)", $0.local, $0.remote] }
            }
            #expect(
                told(there) == [
                    ["\(ZMQ_EVENT_LISTENING)", "1", endpoint, ""],
                    ["\(ZMQ_EVENT_ACCEPTED)", "1", endpoint, far],
                    ["\(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)", "1", endpoint, far],
                ])
            #expect(
                told(here) == [
                    ["\(ZMQ_EVENT_CONNECT_DELAYED)", "1", "", endpoint],
                    ["\(ZMQ_EVENT_CONNECTED)", "1", far, endpoint],
                    ["\(ZMQ_EVENT_HANDSHAKE_SUCCEEDED)", "1", far, endpoint],
                ])
        }

        /// What waits on the way out and on the way in, of every pipe.
        @Test(arguments: ["tcp://127.0.0.1:*", "inproc://stats"])
        func statistics(text: String) throws {
            let sockets = try Sockets()
            let (pull, push) = (try sockets.make(ZMQ_PULL), try sockets.make(ZMQ_PUSH))
            #expect(failure(zmq_socket_monitor_pipes_stats(nil)) == ENOTSOCK)
            #expect(failure(zmq_socket_monitor_pipes_stats(pull)) == EINVAL)
            let receiving = try monitor(pull, "receiving", sockets)
            let sending = try monitor(push, "sending", sockets)
            #expect(failure(zmq_socket_monitor_pipes_stats(pull)) == EAGAIN)
            try #require(zmq_bind(pull, text) == 0)
            let endpoint = lastEndpoint(pull)
            // To somebody, and to nobody.
            try #require(zmq_connect(push, endpoint) == 0)
            for index in 0..<3 {
                send(push, "part", ZMQ_SNDMORE)
                send(push, String(repeating: "\(index)", count: 300))
            }
            // The first was received in part, and is out of the way.
            #expect(receive(pull) == "part")
            var stats = try self.stats(of: pull, receiving)
            for _ in 0..<1000 where stats.map(\.values) != [[0, 2]] {
                usleep(1000)
                stats = try self.stats(of: pull, receiving)
            }
            #expect(stats.map(\.values) == [[0, 2]] && stats.map(\.local) == [endpoint])
            try #require(zmq_connect(push, "ipc:///tmp/no-such-\(getpid())") == 0)
            for _ in 0..<4 { send(push, "either", ZMQ_DONTWAIT) }
            let both = try self.stats(of: push, sending)
            #expect(both.count == 2 && both[0].remote == endpoint && both[1].values == [2, 0])
            #expect(both[1].local == "" && both[1].remote == "ipc:///tmp/no-such-\(getpid())")
        }

        /// The next events about pipes; others are left out.
        private func stats(
            of socket: UnsafeMutableRawPointer, _ monitor: UnsafeMutableRawPointer
        ) throws -> [Event] {
            try #require(zmq_socket_monitor_pipes_stats(socket) == 0)
            var found: [Event] = []
            setInt(monitor, ZMQ_RCVTIMEO, 0)
            defer { setInt(monitor, ZMQ_RCVTIMEO, 10_000) }
            while getInt(monitor, ZMQ_EVENTS).map({ $0 & ZMQ_POLLIN != 0 }) == true {
                let event = try next(monitor)
                if event.number == Int(ZMQ_EVENT_PIPES_STATS) { found.append(event) }
            }
            return found
        }
        #endif
    }
}
