import CMCZmq
import Glibc
import MCTestSupport
import Testing

extension ZmqTests {
    /// Which I/O thread a socket's connections have (ZMQ_AFFINITY).
    @Suite struct Affinity {
        /// How often each I/O thread of a context has slept and was woken.
        private func wakes(_ prefix: Int32) throws -> [Int] {
            let tasks = try #require(opendir("/proc/self/task"))
            defer { closedir(tasks) }
            var found = [0, 0]
            while let entry = readdir(tasks) {
                let task = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                let name = procText("/proc/self/task/\(task)/comm").dropLast()
                guard let index = (0..<2).first(where: { name == "\(prefix)/mc-io-\($0)" }) else {
                    continue
                }
                let line = procText("/proc/self/task/\(task)/status").split(separator: "\n")
                    .first { $0.hasPrefix("voluntary_ctxt_switches") }
                found[index] = line?.split(separator: "\t").last.flatMap { Int($0) } ?? 0
            }
            return found
        }

        private func twoThreads(prefix: Int32) throws -> Sockets {
            let sockets = try Sockets()
            #expect(zmq_ctx_set(sockets.context, ZMQ_IO_THREADS, 2) == 0)
            #expect(zmq_ctx_set(sockets.context, ZMQ_THREAD_NAME_PREFIX, prefix) == 0)
            return sockets
        }

        private func setAffinity(_ socket: UnsafeMutableRawPointer, _ mask: UInt64) {
            var mask = mask
            #expect(zmq_setsockopt(socket, ZMQ_AFFINITY, &mask, 8) == 0)
        }

        /// The thread that the mask allows accepts the connections, whichever it was before.
        @Test(arguments: [0, 1]) func affinity(thread: Int) throws {
            let sockets = try twoThreads(prefix: 61)
            let allSockets = try (0..<2).map { _ in try sockets.make(ZMQ_DEALER) }
            for dealer in allSockets {
                setAffinity(dealer, 1 << UInt64(thread))
                try #require(zmq_bind(dealer, "tcp://127.0.0.1:*") == 0)
                let before = try wakes(61)
                for _ in 0..<20 {
                    let peer = try RawConnection(to: lastEndpoint(dealer))
                    peer.shakeHands(as: "DEALER")
                    // It goes to sleep meanwhile.
                    usleep(3000)
                }
                let after = try wakes(61)
                #expect(after[thread] - before[thread] >= 15, "\(before) \(after)")
                #expect(after[1 - thread] - before[1 - thread] < 8, "\(before) \(after)")
            }
        }

        /// What the socket had before it got another thread stays with it.
        @Test func theDescriptorStays() throws {
            let sockets = try twoThreads(prefix: 62)
            for mask: UInt64 in [1, 2] {
                let pull = try sockets.make(ZMQ_PULL)
                let descriptor = try #require(getInt(pull, ZMQ_FD))
                let watched = try Watched(pull, sockets)
                setAffinity(pull, mask)
                try #require(zmq_bind(pull, "tcp://127.0.0.1:*") == 0)
                let push = try sockets.make(ZMQ_PUSH)
                setAffinity(push, 3 - mask)
                try #require(zmq_connect(push, lastEndpoint(pull)) == 0)
                #expect(watched.next(ZMQ_EVENT_ACCEPTED) != nil)
                send(push, "news")
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                for _ in 0..<100 where getInt(pull, ZMQ_EVENTS) != ZMQ_POLLIN {
                    poll(&waiting, 1, 10_000)
                }
                #expect(receive(pull, ZMQ_DONTWAIT) == "news")
                #expect(getInt(pull, ZMQ_FD) == descriptor)
            }
        }

        /// No such thread, or none at all: nothing but inproc works.
        @Test(arguments: [(2, 4), (0, 0)] as [(Int32, UInt64)])
        func noThread(threads: Int32, mask: UInt64) throws {
            let sockets = try Sockets()
            #expect(zmq_ctx_set(sockets.context, ZMQ_IO_THREADS, threads) == 0)
            let pair = try sockets.make(ZMQ_PAIR)
            setAffinity(pair, mask)
            #expect(failure(zmq_bind(pair, "tcp://127.0.0.1:*")) == Errors.noThread)
            #expect(failure(zmq_connect(pair, "ipc:///tmp/nowhere")) == Errors.noThread)
            #expect(failure(zmq_bind(pair, "nonsense")) == EINVAL)
            let other = try sockets.make(ZMQ_PAIR)
            #expect(
                zmq_bind(pair, "inproc://here") == 0 && zmq_connect(other, "inproc://here") == 0)
            send(pair, "still")
            #expect(receive(other) == "still")
        }
    }
}
