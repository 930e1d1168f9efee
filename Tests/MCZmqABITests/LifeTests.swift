import CMCZmq
import Glibc
import MCTestSupport
import MCZmqABI
import Synchronization
import Testing

extension ZmqTests {
    /// Contexts and sockets from their beginning to their end.
    @Suite struct Life {
        /// However much has happened to a socket, what happens next costs no more stack than the first.
        @Test func aMonitorIsToldOfManyEvents() throws {
            let sockets = try Sockets()
            let (bound, _) = try sockets.pair(ZMQ_PUSH, ZMQ_PULL)
            let other = SharedHandles(try sockets.make(ZMQ_PUSH), nil)
            #expect(zmq_socket_monitor(other.first, "inproc://events", ZMQ_EVENT_ALL) == 0)
            let endpoint = lastEndpoint(bound)
            JoinedThread(stackBytes: 256 << 10) {
                // Each says that the address is in use.
                for _ in 0..<5000 { zmq_bind(other.first, endpoint) }
            }.join()
            #expect(zmq_socket_monitor(other.first, nil, 0) == 0)
        }

        /// Whoever waits gets ETERM, and so does every later call; closing still works.
        @Test func terminationWakesEverybody() throws {
            let context = zmq_ctx_new()
            let pull = zmq_socket(context, ZMQ_PULL)
            let push = zmq_socket(context, ZMQ_PUSH)
            let polled = zmq_socket(context, ZMQ_DEALER)
            zmq_bind(pull, "inproc://t")
            let handles = SharedHandles(pull, push)
            let poll = SharedHandles(polled, nil)
            let results = (0..<5).map { _ in ResultBox() }
            // Whatever they find they close: the context's end waits for that.
            let threads = [
                Joined {
                    results[0].end(with: failure(zmq_recv(handles.first, nil, 0, 0)))
                    zmq_close(handles.first)
                },
                Joined {
                    results[1].end(with: failure(zmq_send(handles.second, "x", 1, 0)))
                    zmq_close(handles.second)
                },
                Joined {
                    var item = zmq_pollitem_t(
                        socket: poll.first, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
                    results[2].end(with: failure(zmq_poll(&item, 1, -1)))
                    results[3].end(with: failure(zmq_recv(poll.first, nil, 0, 0)))
                    let events = getInt(poll.first!, ZMQ_EVENTS)
                    results[4].end(with: events == nil ? errno : nil)
                    zmq_close(poll.first)
                },
            ]
            usleep(50_000)
            // Returns when all three have closed their sockets.
            #expect(zmq_ctx_term(context) == 0)
            for thread in threads { thread.join() }
            #expect(results.map(\.outcome) == Array(repeating: Errors.terminated, count: 5))
        }

        /// Whoever has left an in-process peer is sent nothing any more, from then on.
        @Test func disconnectingInprocIsAtOnce() throws {
            let sockets = try Sockets()
            let push = try sockets.make(ZMQ_PUSH)
            let pull = try sockets.make(ZMQ_PULL)
            try #require(zmq_bind(push, "inproc://left") == 0)
            for _ in 0..<300 {
                try #require(zmq_connect(pull, "inproc://left") == 0)
                try #require(send(push, "there") == 5)
                try #require(receive(pull) == "there")
                try #require(zmq_disconnect(pull, "inproc://left") == 0)
                try #require(failure(send(push, "gone", ZMQ_DONTWAIT)) == EAGAIN)
                try #require(receive(pull, ZMQ_DONTWAIT) == nil)
            }
        }

        @Test func shutdownComesFirst() throws {
            let context = zmq_ctx_new()
            let socket = zmq_socket(context, ZMQ_PULL)
            #expect(zmq_ctx_shutdown(context) == 0)
            #expect(zmq_ctx_shutdown(context) == 0)
            #expect(failure(zmq_recv(socket, nil, 0, 0)) == Errors.terminated)
            #expect(failure(zmq_bind(socket, "inproc://x")) == Errors.terminated)
            #expect(zmq_socket(context, ZMQ_PULL) == nil && errno == Errors.terminated)
            #expect(zmq_close(socket) == 0)
            #expect(zmq_ctx_term(context) == 0)
        }

        /// A handler of a signal that does not restart system calls, and one that does: both end a call
        /// that waits.
        @Test(arguments: [0, Int32(SA_RESTART)])
        func signalsEndWaiting(flags: Int32) throws {
            let sockets = try Sockets()
            let pull = try sockets.make(ZMQ_PULL)
            let (connected, push) = try sockets.pair(ZMQ_PULL, ZMQ_PUSH)
            let lonely = try sockets.make(ZMQ_PUSH)
            for socket in [pull, connected, push, lonely] {
                setInt(socket, ZMQ_RCVTIMEO, -1)
                setInt(socket, ZMQ_SNDTIMEO, -1)
            }
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            action.sa_flags = flags
            var old = sigaction()
            sigaction(SIGUSR2, &action, &old)
            defer { sigaction(SIGUSR2, &old, nil) }
            usleep(50_000)
            let calls: [@Sendable (SharedHandles) -> Int32] = [
                { zmq_recv($0.first, nil, 0, 0) },
                { zmq_send($0.first, "x", 1, 0) },
                { handles in
                    var item = zmq_pollitem_t(
                        socket: handles.first, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
                    return zmq_poll(&item, 1, -1)
                },
            ]
            for (call, socket) in [
                (calls[0], pull), (calls[0], connected), (calls[1], lonely), (calls[2], pull),
                (calls[2], connected),
            ] {
                let handles = SharedHandles(socket, nil)
                let result = ResultBox()
                let thread = Joined {
                    // The threads that tests run on block all signals, and hand that on.
                    var all = sigset_t()
                    sigfillset(&all)
                    pthread_sigmask(SIG_UNBLOCK, &all, nil)
                    result.begin()
                    result.end(with: failure(call(handles)))
                }
                // The signal may come before the call waits: until it has ended, again and again.
                for _ in 0..<1000 where !result.isOver {
                    usleep(5_000)
                    result.signal(SIGUSR2)
                }
                #expect(result.isOver)
                if !result.isOver { return }
                thread.join()
                #expect(result.outcome == EINTR)
            }
        }

        @Test func utilities() throws {
            var major: Int32 = 0
            var minor: Int32 = 0
            var patch: Int32 = 0
            zmq_version(&major, &minor, &patch)
            #expect([major, minor, patch] == [4, 3, 4])
            zmq_version(nil, nil, nil)
            #expect(zmq_has("ipc") == 1)
            #expect(zmq_has("draft") == (SocketTypes.isDraft ? 1 : 0))
            for name in ["curve", "gssapi", "pgm", "norm", "tipc", "vmci", "ws", "wss", ""] {
                #expect(zmq_has(name) == 0, "\(name)")
            }
            #expect(zmq_has(nil) == 0)
            #expect(String(cString: zmq_strerror(EAGAIN)) == String(cString: strerror(EAGAIN)))
            #expect(String(cString: zmq_strerror(Errors.terminated)) == "Context was terminated")
            var counter = zmq_atomic_counter_new()
            zmq_atomic_counter_set(counter, 2)
            #expect(zmq_atomic_counter_inc(counter) == 2)
            #expect(zmq_atomic_counter_dec(counter) == 1)
            #expect(zmq_atomic_counter_dec(counter) == 1)
            #expect(zmq_atomic_counter_dec(counter) == 0)
            zmq_atomic_counter_destroy(&counter)
            #expect(counter == nil)
            zmq_atomic_counter_destroy(nil)
            let watch = zmq_stopwatch_start()
            usleep(2000)
            #expect(zmq_stopwatch_intermediate(watch) >= 2000)
            #expect(zmq_stopwatch_stop(watch) >= 2000)
            #expect(zmq_threadstart(nil, nil) == nil && errno == EFAULT)
        }

        @Test func z85() throws {
            // The example of RFC 32.
            let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
            var text = [CChar](repeating: 0, count: 11)
            #expect(zmq_z85_encode(&text, bytes, 8) != nil)
            let letters = text.prefix(10).map { UInt8(bitPattern: $0) }
            #expect(letters == Array("HelloWorld".utf8) && text[10] == 0)
            var back = [UInt8](repeating: 0, count: 8)
            #expect(zmq_z85_decode(&back, "HelloWorld") != nil)
            #expect(back == bytes)
            #expect(zmq_z85_encode(&text, bytes, 7) == nil && errno == EINVAL)
            for bad in ["", "Hell", "HelloW", "Hell\"", "%nSc1", "#####"] {
                #expect(zmq_z85_decode(&back, bad) == nil && errno == EINVAL, "\(bad)")
            }
        }
    }
}

enum Errors {
    static let stateMachine = Int32(ZMQ_HAUSNUMERO + 51)
    static let terminated = Int32(ZMQ_HAUSNUMERO + 53)
    static let noThread = Int32(ZMQ_HAUSNUMERO + 54)
}

/// What a thread says of itself, to be asked from another. Atomics, which ThreadSanitizer sees through.
final class ResultBox: Sendable {
    private static let none = Int64.min
    private let thread = Atomic<UInt>(0)
    private let result = Atomic<Int64>(ResultBox.none)

    var isOver: Bool { result.load(ordering: .acquiring) != ResultBox.none }
    var outcome: Int32? { Int32(exactly: result.load(ordering: .acquiring)) }

    func begin() { thread.store(UInt(pthread_self()), ordering: .releasing) }

    /// - Parameter outcome: what failed, if anything did.
    func end(with outcome: Int32?) {
        result.store(outcome.map { Int64($0) } ?? Int64.max, ordering: .releasing)
    }

    /// Sends the thread a signal, unless it has not begun or is over. It must not have been joined.
    func signal(_ number: Int32) {
        let id = thread.load(ordering: .acquiring)
        if id != 0, !isOver { pthread_kill(pthread_t(id), number) }
    }
}
