import CMCLinux
import Glibc

/// A plain TCP socket of this host that blocks, with a time limit on everything.
package final class RawSocket: @unchecked Sendable {
    package private(set) var descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        setTimeout(seconds: 20)
    }

    deinit { close() }

    package func setTimeout(seconds: Double) {
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(seconds * 1e6) % 1_000_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    private static func make() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw Failure("no socket: errno \(errno)") }
        return descriptor
    }

    private static func withAddress<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func set(_ descriptor: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Connecting and listening

    package static func connect(_ port: UInt16, receiveBuffer: Int32? = nil) throws -> RawSocket {
        let descriptor = try make()
        if let receiveBuffer { set(descriptor, SO_RCVBUF, receiveBuffer) }
        let result = withAddress(port) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else {
            let error = errno
            Glibc.close(descriptor)
            throw Failure("cannot connect: errno \(error)")
        }
        return RawSocket(descriptor)
    }

    /// A listening socket, on a port that the kernel chooses unless one is given.
    package static func listen(receiveBuffer: Int32? = nil, port: UInt16 = 0) throws -> RawSocket {
        let descriptor = try make()
        set(descriptor, SO_REUSEADDR, 1)
        if let receiveBuffer { set(descriptor, SO_RCVBUF, receiveBuffer) }
        guard withAddress(port, { bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 1024) == 0
        else { throw Failure("cannot listen: errno \(errno)") }
        return RawSocket(descriptor)
    }

    package var port: UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    package func accept() throws -> RawSocket {
        // Close-on-exec, and non-blocking until told otherwise.
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, 20_000) > 0 else { throw Failure("nobody connects") }
        let accepted = cmc_accept(descriptor)
        guard accepted >= 0 else { throw Failure("cannot accept: errno \(-accepted)") }
        _ = fcntl(accepted, F_SETFL, fcntl(accepted, F_GETFL) & ~O_NONBLOCK)
        return RawSocket(accepted)
    }

    package func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes with a reset, as the kernel does for a host that lost power and came back.
    package func reset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Bytes

    package func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("the other side takes no more: errno \(errno)") }
            done += count
        }
    }

    /// Sends what the other side takes; false when it has closed.
    package func trySend(_ bytes: [UInt8]) -> Bool { (try? send(bytes)) != nil }

    /// What comes next, up to `count` bytes; empty at the end of the stream.
    package func some(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = read(descriptor, &bytes, count)
        guard got >= 0 else { throw Failure("nothing to read: errno \(errno)") }
        bytes.removeSubrange(got...)
        return bytes
    }

    package func exactly(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try some(count - bytes.count)
            guard !piece.isEmpty else { throw Failure("the stream ended") }
            bytes += piece
        }
        return bytes
    }

    /// Reads until the other side closes or resets; false when it does neither in time.
    package func ends(within seconds: Double = 10) -> Bool {
        setTimeout(seconds: 0.2)
        let deadline = now() + seconds
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while now() < deadline {
            let count = read(descriptor, &bytes, bytes.count)
            if count == 0 { return true }
            if count < 0 && errno != EAGAIN { return true }
        }
        return false
    }

    // MARK: ZMTP

    /// Shakes hands as a socket of `type`.
    package func handshake(as type: String, identity: [UInt8]? = nil) throws {
        try send(Wire.greeting() + Wire.ready(type, identity: identity))
        _ = try exactly(64)
        let (flags, _) = try frame()
        guard flags & 4 != 0 else { throw Failure("no READY") }
    }

    /// The next frame's flags and body.
    package func frame() throws -> (flags: UInt8, body: [UInt8]) {
        let flags = try exactly(1)[0]
        let count: Int
        if flags & 2 != 0 {
            count = try exactly(8).reduce(0) { $0 << 8 | Int($1) }
        } else {
            count = Int(try exactly(1)[0])
        }
        return (flags, try exactly(count))
    }

    /// The next message; commands are skipped.
    package func message() throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        while true {
            let (flags, body) = try frame()
            if flags & 4 != 0 { continue }
            frames.append(body)
            if flags & 1 == 0 { return frames }
        }
    }
}
