import Glibc
import MCCodec
import MCTransport
import MCTransportTCP
import Testing

/// Whether a descriptor becomes ready for poll's `events` (or breaks) in time.
func isReady(_ descriptor: Int32, _ events: Int16, within milliseconds: Int) -> Bool {
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    return poll(&entry, 1, Int32(milliseconds)) > 0
}

/// The other end of a connection, byte by byte: sees what a socket really sends, and misbehaves.
final class RawPeer: Sendable {
    let link: any StreamLink

    init(_ link: any StreamLink) { self.link = link }

    /// Connects to a bound socket.
    static func connect(
        to endpoint: String, options: LinkOptions = LinkOptions()
    ) throws -> RawPeer {
        let endpoint = try Endpoint(endpoint)
        let transport: any StreamTransport =
            endpoint.scheme == .ipc ? IPCTransport() : TCPTransport()
        let found = Found()
        // Numbers and paths are resolved before the call returns.
        transport.resolve(endpoint, options: options) { found.addresses = try? $0.get() }
        let address = try #require(found.addresses?.first)
        let link = try transport.connect(to: address, options: options)
        try #require(isReady(link.descriptor, Int16(POLLOUT), within: 5000))
        try link.finishConnect()
        return RawPeer(link)
    }

    private final class Found: @unchecked Sendable {
        var addresses: [LinkAddress]?
    }

    deinit { link.close() }

    enum RawError: Error {
        /// The socket closed the connection.
        case gone
        /// Nothing came in time.
        case silence
    }

    // MARK: Bytes

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try #require(isReady(link.descriptor, Int16(POLLOUT), within: 5000))
            rest = rest.dropFirst(try sendSome(rest))
        }
    }

    /// What the kernel takes at once.
    func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let result = bytes.withUnsafeBytes { buffer in
            var vector = iovec(
                iov_base: UnsafeMutableRawPointer(mutating: buffer.baseAddress),
                iov_len: buffer.count)
            return link.write(&vector, count: 1)
        }
        switch result {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .end, .failed: throw RawError.gone
        }
    }

    /// Exactly so many bytes.
    func receive(_ count: Int, within milliseconds: Int = patience) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            guard isReady(link.descriptor, Int16(POLLIN), within: milliseconds) else {
                throw RawError.silence
            }
            var bytes = [UInt8](repeating: 0, count: count - all.count)
            switch bytes.withUnsafeMutableBytes({ link.read(into: $0) }) {
            case .bytes(let got): all += bytes[..<got]
            case .wouldBlock: continue
            case .end, .failed: throw RawError.gone
            }
        }
        return all
    }

    /// Whether the socket closes the connection in time; throws away what it sends.
    func isClosed(within milliseconds: Int) -> Bool {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            let left = deadline - .now
            guard left > .zero else { return false }
            do {
                _ = try receive(1, within: Int(left / .milliseconds(1)) + 1)
            } catch RawError.silence {
                return false
            } catch {
                return true
            }
        }
    }

    /// Whether nothing comes for a while.
    func isSilent(for milliseconds: Int) -> Bool {
        !isReady(link.descriptor, Int16(POLLIN), within: milliseconds)
    }
}

// MARK: - ZMTP

extension RawPeer {
    struct WireFrame {
        var flags: FrameFlags
        var body: [UInt8]

        /// The command that it is, if it is one.
        var command: Command? {
            guard flags.contains(.command) else { return nil }
            return try? Command(decoding: body.span.bytes)
        }
    }

    func frame(within milliseconds: Int = patience) throws -> WireFrame {
        var header = try receive(2, within: milliseconds)
        if header[0] & 2 != 0 { header += try receive(7) }
        let decoded = header.withUnsafeBytes { bytes in
            bytes.baseAddress.map { FrameHeader.decode($0, available: bytes.count) }
        }
        guard case .header(let frame, _) = decoded else { throw RawError.gone }
        return WireFrame(flags: frame.flags, body: try receive(Int(frame.bodyLength)))
    }

    /// The frames of one message; commands are left out.
    func message(within milliseconds: Int = patience) throws -> [[UInt8]] {
        var parts: [[UInt8]] = []
        while true {
            let frame = try frame(within: milliseconds)
            if frame.flags.contains(.command) { continue }
            parts.append(frame.body)
            if !frame.flags.contains(.more) { return parts }
        }
    }

    func send(frame body: [UInt8], flags: FrameFlags = []) throws {
        var bytes: [UInt8] = []
        FrameHeader(flags: flags, bodyLength: UInt64(body.count)).append(to: &bytes)
        try send(bytes + body)
    }

    func send(parts: [[UInt8]]) throws {
        for (index, part) in parts.enumerated() {
            try send(frame: part, flags: index + 1 < parts.count ? .more : [])
        }
    }

    func send(_ command: Command) throws {
        var bytes: [UInt8] = []
        try command.encode(into: &bytes)
        try send(bytes)
    }

    /// Shakes hands as a socket of a type.
    ///
    /// - Returns: what the other side's READY says.
    @discardableResult
    func shakeHands(
        as type: String, identity: [UInt8] = [], version: ZMTPVersion = .v3_1
    ) throws -> Metadata {
        try send(try Greeting(version: version, mechanism: "NULL").encoded())
        _ = try receive(Greeting.byteCount)
        var metadata = Metadata()
        try metadata.append("Socket-Type", bytes(type))
        if !identity.isEmpty { try metadata.append("Identity", identity) }
        try send(.ready(metadata))
        guard case .ready(let theirs) = try frame().command else { throw RawError.gone }
        return theirs
    }
}

/// A listener that accepts, and does nothing else by itself.
final class RawListener: Sendable {
    let listener: any StreamListener

    init(
        _ endpoint: String = "tcp://127.0.0.1:*", options: LinkOptions = LinkOptions()
    ) throws {
        listener = try TCPTransport().listen(on: Endpoint(endpoint), options: options)
    }

    deinit { listener.close() }

    var endpoint: String { listener.localEndpoint.description }

    func accept(within milliseconds: Int = patience) throws -> RawPeer {
        guard let peer = try acceptIfAny(within: milliseconds) else {
            throw RawPeer.RawError.silence
        }
        return peer
    }

    func acceptIfAny(within milliseconds: Int) throws -> RawPeer? {
        guard isReady(listener.descriptor, Int16(POLLIN), within: milliseconds) else { return nil }
        return try listener.accept().map { RawPeer($0) }
    }

    /// An endpoint where nobody listens at the moment.
    static func freeEndpoint() throws -> String {
        let raw = try RawListener()
        defer { raw.listener.close() }
        return raw.endpoint
    }
}
