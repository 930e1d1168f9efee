import Glibc
import MCCodec
import MCFacade
import MCLock
import MCTransport
import Testing

/// A SOCKS5 proxy on this host, as RFC 1928 and 1929 say it, that can also misbehave.
final class FakeProxy: Sendable {
    /// What a proxy was asked for.
    struct Request: Equatable, Sendable {
        var type: UInt8
        /// The host as it came: bytes of a number, or a name.
        var host: [UInt8]
        var port: UInt16
    }

    struct Manners: Sendable {
        var username = ""
        var password = ""
        /// The reply's code.
        var reply: UInt8 = 0
        /// Goes silent before it sends so many bytes.
        var mostBytes = Int.max
        /// Says this instead of anything else, and closes.
        var nonsense: [UInt8]?
    }

    private let listener: RawListener
    private let manners: Manners
    private let requests = Locked<[Request]>([])
    private let kept = Locked<[RawPeer]>([])

    init(_ manners: Manners = Manners(), at endpoint: String = "tcp://127.0.0.1:*") throws {
        listener = try RawListener(endpoint)
        self.manners = manners
    }

    /// As the option is written.
    var address: String { String(listener.endpoint.dropFirst("tcp://".count)) }

    var requested: [Request] { requests.withLock { $0 } }

    /// Serves so many connections, one after the other, and then ends.
    func serve(_ count: Int = 1, port: UInt16 = 0) -> Worker<Void> {
        Worker { [self] in
            for _ in 0..<count {
                let client = try listener.accept()
                guard let remote = try? negotiate(client, port: port) else {
                    // What has been sent is to arrive.
                    client.link.shutdownWrite()
                    kept.withLock { $0.append(client) }
                    continue
                }
                FakeProxy.relay(client, remote)
            }
        }
    }

    private func negotiate(_ client: RawPeer, port: UInt16) throws -> RawPeer? {
        var left = manners.mostBytes
        func say(_ bytes: [UInt8]) throws {
            let part = Array(bytes.prefix(left))
            left -= part.count
            try client.send(part)
            guard part.count == bytes.count else {
                // Silent until the other side gives up.
                _ = client.isClosed(within: patience)
                throw RawPeer.RawError.silence
            }
        }
        let greeting = try client.receive(2)
        let methods = try client.receive(Int(greeting[1]))
        if let nonsense = manners.nonsense {
            try say(nonsense)
            return nil
        }
        let method: UInt8 = manners.username.isEmpty ? 0 : 2
        guard methods.contains(method) else {
            try say([5, 0xff])
            return nil
        }
        try say([5, method])
        if method == 2 {
            let name = try client.receive(Int(try client.receive(2)[1]))
            let password = try client.receive(Int(try client.receive(1)[0]))
            let isRight = name == bytes(manners.username) && password == bytes(manners.password)
            try say([1, isRight ? 0 : 1])
            guard isRight else { return nil }
        }
        let request = try client.receive(4)
        let size = request[3] == 1 ? 4 : request[3] == 4 ? 16 : Int(try client.receive(1)[0])
        let host = try client.receive(size)
        let number = try client.receive(2)
        let asked = UInt16(number[0]) << 8 | UInt16(number[1])
        requests.withLock { $0.append(Request(type: request[3], host: host, port: asked)) }
        // Whatever the host is called, it is this one.
        let remote =
            manners.reply == 0
            ? try? RawPeer.connect(to: "tcp://127.0.0.1:\(port == 0 ? asked : port)") : nil
        let code = manners.reply != 0 ? manners.reply : remote == nil ? 5 : 0
        try say(
            [5, code, 0] + (request[3] == 3 ? [3, 4] + bytes("name") : [1, 0, 0, 0, 0]) + [0, 0])
        return remote
    }

    /// Passes on what comes on either side until one of them ends.
    private static func relay(_ one: RawPeer, _ other: RawPeer) {
        while true {
            var entries = [one, other].map {
                pollfd(fd: $0.link.descriptor, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&entries, 2, Int32(patience)) > 0 else { return }
            for (index, (from, to)) in [(one, other), (other, one)].enumerated() {
                guard entries[index].revents != 0 else { continue }
                guard let piece = try? from.receiveSome(), (try? to.send(piece)) != nil else {
                    return
                }
            }
        }
    }
}

extension RawPeer {
    /// What is there.
    fileprivate func receiveSome() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        switch bytes.withUnsafeMutableBytes({ link.read(into: $0) }) {
        case .bytes(let count): return Array(bytes[..<count])
        case .wouldBlock: return []
        case .end, .failed: throw RawError.gone
        }
    }
}
