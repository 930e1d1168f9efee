import CMCZmq
import Glibc
import Testing

/// What a socket tells of itself, through a monitor.
final class Watched {
    struct Event {
        let number: Int32
        let value: Int32
    }

    private let monitor: UnsafeMutableRawPointer
    private nonisolated(unsafe) static var count = 0

    init(_ socket: UnsafeMutableRawPointer, _ sockets: Sockets) throws {
        Self.count += 1
        let endpoint = "inproc://watched-\(Self.count)"
        try #require(zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ALL) == 0)
        monitor = try sockets.make(ZMQ_PAIR)
        try #require(zmq_connect(monitor, endpoint) == 0)
    }

    /// The next event, or the next of a kind; nil when none came for ten seconds.
    func next(_ number: Int32? = nil) -> Event? {
        while true {
            var bytes = [UInt8](repeating: 0, count: 6)
            guard zmq_recv(monitor, &bytes, 6, 0) == 6 else { return nil }
            guard zmq_recv(monitor, nil, 0, 0) >= 0 else { return nil }
            let event = bytes.withUnsafeBytes {
                Event(
                    number: Int32($0.loadUnaligned(as: UInt16.self)),
                    value: $0.loadUnaligned(fromByteOffset: 2, as: Int32.self))
            }
            if number == nil || number == event.number { return event }
        }
    }
}

/// One end of a TCP connection that speaks for itself.
final class RawConnection {
    let descriptor: Int32

    /// Connects to where a socket is bound.
    init(to endpoint: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
        var address = loopback(port)
        let error = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(error == 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// So many bytes; fewer when the other end closes.
    func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            let part = recv(descriptor, &bytes[length], count - length, 0)
            guard part > 0 else { break }
            length += part
        }
        return Array(bytes.prefix(length))
    }

    /// Milliseconds until the other end closes; more than any limit when it does not.
    func timeUntilClosed() -> Int {
        let begin = clockMilliseconds()
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || count < 0 && errno == ECONNRESET { return clockMilliseconds() - begin }
            if count < 0 { return .max }
        }
    }

    /// ZMTP 3.0 without security, as a socket of a type.
    func shakeHands(as type: String) {
        var greeting: [UInt8] = [0xFF] + Array(repeating: 0, count: 8) + [0x7F, 3, 0]
        greeting += Array("NULL".utf8)
        greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
        let name = Array("READY".utf8)
        let key = Array("Socket-Type".utf8)
        let value = Array(type.utf8)
        let body: [UInt8] =
            [UInt8(name.count)] + name + [UInt8(key.count)] + key
            + [0, 0, 0, UInt8(value.count)] + value
        send(greeting + [4, UInt8(body.count)] + body)
        _ = read(64)
    }
}

func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// Milliseconds of a clock that only goes forward.
func clockMilliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// A number that the kernel keeps of a descriptor; nil when it keeps none.
func kernelOption(_ descriptor: Int32, _ level: Int32, _ option: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(4)
    return getsockopt(descriptor, level, option, &value, &size) == 0 ? value : nil
}
