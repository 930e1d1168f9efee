import CMCZmq
import Glibc
import MCTestSupport
import MCZmqABI
import Testing

extension ZmqTests {
    /// Handles are looked up: what is none is told so, whatever it points to.
    @Suite struct Handles {
        /// Pointers that stand for nothing: null, small numbers, real memory, closed handles.
        private static func strangers() throws -> [UnsafeMutableRawPointer?] {
            let context = try #require(zmq_ctx_new())
            let closed = zmq_socket(context, ZMQ_PAIR)
            #expect(zmq_close(closed) == 0)
            #expect(zmq_ctx_term(context) == 0)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
            memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: 4096)
            return [
                nil, UnsafeMutableRawPointer(bitPattern: 1),
                UnsafeMutableRawPointer(bitPattern: 0xdead_beef),
                UnsafeMutableRawPointer(bitPattern: -1),
                memory, closed, context,
            ]
        }

        @Test func aStrangerIsNoSocket() throws {
            var value: Int32 = 0
            var size = 4
            var buffer = [UInt8](repeating: 0, count: 16)
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            for socket in try Self.strangers() {
                #expect(failure(zmq_close(socket)) == ENOTSOCK)
                #expect(failure(zmq_bind(socket, "tcp://127.0.0.1:*")) == ENOTSOCK)
                #expect(failure(zmq_connect(socket, "tcp://127.0.0.1:1")) == ENOTSOCK)
                #expect(failure(zmq_unbind(socket, "tcp://127.0.0.1:1")) == ENOTSOCK)
                #expect(failure(zmq_disconnect(socket, "tcp://127.0.0.1:1")) == ENOTSOCK)
                #expect(failure(zmq_setsockopt(socket, ZMQ_LINGER, &value, 4)) == ENOTSOCK)
                #expect(failure(zmq_getsockopt(socket, ZMQ_LINGER, &value, &size)) == ENOTSOCK)
                #expect(failure(zmq_send(socket, "x", 1, 0)) == ENOTSOCK)
                #expect(failure(zmq_send_const(socket, "x", 1, 0)) == ENOTSOCK)
                #expect(failure(zmq_recv(socket, &buffer, 16, 0)) == ENOTSOCK)
                #expect(failure(zmq_msg_send(&message, socket, 0)) == ENOTSOCK)
                #expect(failure(zmq_msg_recv(&message, socket, 0)) == ENOTSOCK)
                #expect(failure(zmq_socket_monitor(socket, "inproc://m", 1)) == ENOTSOCK)
                if socket != nil {
                    var item = zmq_pollitem_t(
                        socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
                    #expect(failure(zmq_poll(&item, 1, 0)) == ENOTSOCK)
                }
                #expect(
                    failure(zmq_proxy(socket, socket, nil)) == (socket == nil ? EFAULT : ENOTSOCK))
            }
            zmq_msg_close(&message)
        }

        @Test func aStrangerIsNoContext() throws {
            for context in try Self.strangers() {
                #expect(zmq_socket(context, ZMQ_PAIR) == nil && errno == EFAULT)
                #expect(failure(zmq_ctx_set(context, ZMQ_IO_THREADS, 1)) == EFAULT)
                #expect(failure(zmq_ctx_get(context, ZMQ_IO_THREADS)) == EFAULT)
                #expect(failure(zmq_ctx_shutdown(context)) == EFAULT)
                #expect(failure(zmq_ctx_term(context)) == EFAULT)
            }
        }

        /// A socket is no context, and a context no socket.
        @Test func kindsAreToldApart() throws {
            let sockets = try Sockets()
            let socket = try sockets.make(ZMQ_PAIR)
            #expect(failure(zmq_ctx_term(socket)) == EFAULT)
            #expect(failure(zmq_close(sockets.context)) == ENOTSOCK)
        }

        @Test func noSuchType() throws {
            let sockets = try Sockets()
            let none = Array(Int32(-1)...21) + [1000, .max, .min]
            for type in none where !SocketTypes.all.contains(type) {
                #expect(zmq_socket(sockets.context, type) == nil && errno == EINVAL, "\(type)")
            }
        }

        /// Handles that are closed by one thread while others use them.
        @Test func closingUnderUse() throws {
            let sockets = try Sockets()
            for _ in 0..<200 {
                let push = try sockets.make(ZMQ_PUSH, waitsForEver: true)
                let pull = try sockets.make(ZMQ_PULL, waitsForEver: true)
                try #require(zmq_bind(pull, "inproc://closing") == 0)
                try #require(zmq_connect(push, "inproc://closing") == 0)
                let handles = SharedHandles(push, pull)
                let sender = Joined {
                    while zmq_send(handles.first, "0123456789", 10, 0) == 10 {}
                }
                let receiver = Joined {
                    var buffer = [UInt8](repeating: 0, count: 64)
                    while zmq_recv(handles.second, &buffer, 64, 0) == 10 {}
                }
                usleep(500)
                #expect(zmq_close(pull) == 0)
                #expect(zmq_close(push) == 0)
                sender.join()
                receiver.join()
            }
        }

        /// A socket that is closed while a thread waits in it goes when that thread has left, and not
        /// when some other is closed.
        @Test func nothingIsLeftOfASocketThatWasInUse() throws {
            let sockets = try Sockets()
            _ = try sockets.make(ZMQ_PAIR)
            let before = ProcessUsage().descriptors
            for _ in 0..<20 {
                let pull = SharedHandles(zmq_socket(sockets.context, ZMQ_PULL), nil)
                let receiver = Joined {
                    var buffer = [UInt8](repeating: 0, count: 64)
                    _ = zmq_recv(pull.first, &buffer, 64, 0)
                }
                usleep(2_000)
                #expect(zmq_close(pull.first) == 0)
                receiver.join()
                let isGone = eventually { ProcessUsage().descriptors <= before }
                #expect(isGone)
            }
        }

        /// The I/O thread may have to do with it for a moment.
        private func eventually(_ condition: () -> Bool) -> Bool {
            for _ in 0..<1000 {
                if condition() { return true }
                usleep(2_000)
            }
            return false
        }
    }
}

/// Two handles for another thread.
struct SharedHandles: @unchecked Sendable {
    let first: UnsafeMutableRawPointer?
    let second: UnsafeMutableRawPointer?

    init(_ first: UnsafeMutableRawPointer?, _ second: UnsafeMutableRawPointer?) {
        self.first = first
        self.second = second
    }
}
