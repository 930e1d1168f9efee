import Glibc
import MCTestSupport

/// `raw PORT`: connects to a port of this host by plain TCP and passes on what comes on standard
/// input, byte by byte as it is, saying how much after each piece. What the other side sends is
/// read and thrown away. It is there to be killed.
enum RawRelay {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ arguments: Arguments) throws {
        let port = UInt16(try arguments.word(0, "PORT")) ?? 0
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failed(description: "connect: errno \(errno)") }
        startThread {
            var bytes = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &bytes, bytes.count) > 0 {}
        }
        var total = 0
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(0, &bytes, bytes.count)
            guard count > 0 else { break }
            var done = 0
            while done < count {
                let sent = bytes[done..<count].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { throw Failed(description: "send: errno \(errno)") }
                done += sent
            }
            total += count
            say("sent \(total)")
        }
    }
}
