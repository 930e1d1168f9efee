import MCCodec
import MCSecurity
import Testing

/// One side of a connection without a wire: what it would send piles up in `output`.
struct Side {
    var handshake: Handshake
    var output: [UInt8] = []
    /// What came behind the handshake.
    var traffic: [UInt8] = []
    var error: SecurityError?

    init(_ local: LocalPeer, mechanism: any Mechanism = NullMechanism()) throws {
        handshake = Handshake(local: local, mechanism: mechanism)
        output = try handshake.start()
    }

    init(_ type: String, identity: [UInt8] = []) throws {
        try self.init(LocalPeer(socketType: type, identity: identity))
    }

    var peer: RemotePeer? { handshake.peer }

    /// Feeds `bytes` in pieces of the lengths that `piece` gives.
    mutating func receive(_ bytes: [UInt8], piece: () -> Int = { .max }) {
        var rest = bytes[...]
        while !rest.isEmpty, error == nil {
            if peer != nil {
                traffic += rest
                return
            }
            let front = Array(rest.prefix(piece()))
            do {
                let consumed = try handshake.receive(front.rawSpan, output: &output)
                #expect(consumed == front.count || handshake.peer != nil)
                rest = rest.dropFirst(consumed)
            } catch {
                self.error = error
            }
        }
    }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }
}

extension [UInt8] {
    var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            // Safe because octets have no padding.
            unsafe span.bytes
        }
    }
}

func frame(_ command: Command) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try command.encode(into: &bytes)
    return bytes
}

func ready(_ properties: [(String, String)]) throws -> [UInt8] {
    var metadata = Metadata()
    for (name, value) in properties { try metadata.append(name, Array(value.utf8)) }
    return try frame(.ready(metadata))
}

/// A greeting of NULL that announces the version.
func greeting(major: UInt8 = 3, minor: UInt8 = 1) throws -> [UInt8] {
    let version = ZMTPVersion(major: major, minor: minor)
    return try Greeting(version: version, mechanism: "NULL").encoded()
}

/// The reason of the one ERROR frame in `bytes`, or nil when there is something else.
func reason(inError bytes: [UInt8]) -> String? {
    guard bytes.count > 2, bytes[0] == 4, Int(bytes[1]) == bytes.count - 2 else { return nil }
    do {
        let body = Array(bytes.dropFirst(2))
        guard case .error(let reason) = try Command(decoding: body.rawSpan) else { return nil }
        return String(decoding: reason, as: UTF8.self)
    } catch {
        return nil
    }
}
