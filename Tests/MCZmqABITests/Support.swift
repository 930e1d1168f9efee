import CMCZmq
import Glibc
import MCTestSupport
import MCZmqABI
import Testing

/// Everything here is one suite: the C interface's errno is the thread's, and many tests block.
@Suite(.serialized, EndsInTime()) struct ZmqTests {}

/// The errno that a failed call left, after a look at its result.
func failure(_ result: Int32) -> Int32? { result == -1 ? errno : nil }

/// A context with sockets, which are closed at the end.
final class Sockets {
    let context: UnsafeMutableRawPointer
    private var open: [UnsafeMutableRawPointer] = []

    init() throws { context = try #require(zmq_ctx_new()) }

    /// - Parameter waitsForEver: as a socket is made; else ten seconds are the longest that a call waits.
    func make(_ type: Int32, waitsForEver: Bool = false) throws -> UnsafeMutableRawPointer {
        let socket = try #require(zmq_socket(context, type))
        open.append(socket)
        if waitsForEver { return socket }
        var limit: Int32 = 10_000
        zmq_setsockopt(socket, ZMQ_RCVTIMEO, &limit, 4)
        zmq_setsockopt(socket, ZMQ_SNDTIMEO, &limit, 4)
        limit = 0
        zmq_setsockopt(socket, ZMQ_LINGER, &limit, 4)
        return socket
    }

    /// Two sockets, connected.
    func pair(
        _ bound: Int32, _ connected: Int32, _ endpoint: String = "tcp://127.0.0.1:*"
    ) throws -> (UnsafeMutableRawPointer, UnsafeMutableRawPointer) {
        let first = try make(bound)
        let second = try make(connected)
        try #require(zmq_bind(first, endpoint) == 0)
        try #require(zmq_connect(second, lastEndpoint(first)) == 0)
        return (first, second)
    }

    deinit {
        // Of those that the test has closed nothing is left to close.
        for socket in open { zmq_close(socket) }
        zmq_ctx_term(context)
    }
}

/// An endpoint where nobody is, and where nobody else can come to be meanwhile: a port that was bound and
/// let go is soon another process's.
func deserted(_ name: String) -> String { "ipc:///tmp/deserted-\(getpid())-\(name)" }

func lastEndpoint(_ socket: UnsafeMutableRawPointer) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    var size = buffer.count
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &buffer, &size)
    return String(
        decoding: buffer.prefix(max(0, size - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func getInt(_ socket: UnsafeMutableRawPointer, _ option: Int32) -> Int32? {
    var value: Int32 = -99
    var size = 4
    return zmq_getsockopt(socket, option, &value, &size) == 0 && size == 4 ? value : nil
}

@discardableResult
func setInt(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) -> Int32 {
    var value = value
    return zmq_setsockopt(socket, option, &value, 4)
}

@discardableResult
func send(_ socket: UnsafeMutableRawPointer?, _ text: String, _ flags: Int32 = 0) -> Int32 {
    zmq_send(socket, text, text.utf8.count, flags)
}

/// The next frame as text; nil when there is none.
func receive(_ socket: UnsafeMutableRawPointer?, _ flags: Int32 = 0) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = zmq_recv(socket, &buffer, buffer.count, flags)
    return count < 0 ? nil : String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
}

/// A thread that is waited for.
final class Joined {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        // Safe because the box is retained here and released by the thread.
        let argument = Unmanaged.passRetained(Box(body)).toOpaque()
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, argument)
        precondition(error == 0)
    }

    func join() { pthread_join(thread, nil) }

    /// Instead: it is not waited for.
    func detach() { pthread_detach(thread) }
}
