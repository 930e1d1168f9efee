/// A command: a frame that one engine sends to the other and no application sees (RFC 37,
/// "Commands"). Its body is a name with an octet of length in front, and the command's data.
public enum Command: Hashable, Sendable {
    /// Ends the handshake of the NULL mechanism, with the sender's properties.
    case ready(Metadata)
    /// The sender refuses the connection. The reason is for logs; it comes from outside.
    case error(reason: [UInt8])
    /// The sender wants the messages that begin with the prefix, once more than before.
    case subscribe(prefix: [UInt8])
    /// The sender takes one subscription to the prefix back.
    case cancel(prefix: [UInt8])
    /// The sender asks for a PONG with the same context. With a time to live, in tenths of a
    /// second, it also says when it will have sent something again.
    case ping(ttlTenths: UInt16, context: [UInt8])
    /// The answer to a PING.
    case pong(context: [UInt8])
    /// The sender wants the messages of the group (RFC 48).
    case join(group: [UInt8])
    /// The sender does not want the messages of the group any more.
    case leave(group: [UInt8])
    /// Any other command, which belongs to a mechanism or to an extension.
    case unknown(name: String, data: [UInt8])

    /// The most bytes of context that a PING carries and a PONG gives back (RFC 37, "Connection
    /// Heartbeating").
    public static var maximumContextBytes: Int { 16 }

    /// The name as it stands on the wire.
    public var name: String {
        switch self {
        case .ready: "READY"
        case .error: "ERROR"
        case .subscribe: "SUBSCRIBE"
        case .cancel: "CANCEL"
        case .ping: "PING"
        case .pong: "PONG"
        case .join: "JOIN"
        case .leave: "LEAVE"
        case .unknown(let name, _): name
        }
    }
}

extension Command {
    /// Reads the body of a command frame. Throws `malformedCommand` or `malformedMetadata`.
    ///
    /// A PING's context that is longer than 16 bytes is cut, as libzmq does.
    public init(decoding body: RawSpan) throws(CodecError) {
        var reader = ByteReader(body)
        guard let length = reader.octet(), length > 0, let name = reader.take(Int(length)) else {
            throw CodecError(.malformedCommand, "a command's name is not there")
        }
        guard name.allSatisfy(\.isLetter) else {
            throw CodecError(
                .malformedCommand, "a command's name has other characters than letters")
        }
        switch String(decoding: name, as: UTF8.self) {
        case "READY": self = .ready(try Metadata(decoding: body.extracting(6...)))
        case "ERROR": self = .error(reason: try Self.reason(&reader))
        case "SUBSCRIBE": self = .subscribe(prefix: reader.rest())
        case "CANCEL": self = .cancel(prefix: reader.rest())
        case "PING":
            guard let ttl = reader.bigEndian(UInt16.self) else {
                throw CodecError(.malformedCommand, "a PING has no time to live")
            }
            self = .ping(ttlTenths: ttl, context: Self.context(&reader))
        case "PONG": self = .pong(context: Self.context(&reader))
        case "JOIN": self = .join(group: reader.rest())
        case "LEAVE": self = .leave(group: reader.rest())
        case let other: self = .unknown(name: other, data: reader.rest())
        }
    }

    private static func reason(_ reader: inout ByteReader) throws(CodecError) -> [UInt8] {
        guard let length = reader.octet(), let reason = reader.take(Int(length)), reader.isAtEnd
        else {
            throw CodecError(.malformedCommand, "an ERROR's reason is not as long as it says")
        }
        return reason
    }

    private static func context(_ reader: inout ByteReader) -> [UInt8] {
        reader.take(min(reader.remaining, maximumContextBytes)) ?? []
    }
}

extension Command {
    /// Appends the whole command frame, header and body. Throws `valueTooLong` for a context of
    /// more than 16 or a reason of more than 255 bytes, and `malformedCommand` for the name of
    /// an unknown command that has other characters than 1 to 255 letters.
    public func encode(into output: inout [UInt8]) throws(CodecError) {
        var data: [UInt8] = []
        switch self {
        case .ready(let metadata):
            metadata.encode(into: &data)
        case .error(let reason):
            guard reason.count <= 255 else {
                throw CodecError(.valueTooLong, "a reason of \(reason.count) bytes, 255 may be")
            }
            data.append(UInt8(reason.count))
            data += reason
        case .subscribe(let bytes), .cancel(let bytes), .join(let bytes), .leave(let bytes):
            data = bytes
        case .ping(let ttlTenths, let context):
            try Self.check(context)
            data.append(bigEndian: ttlTenths)
            data += context
        case .pong(let context):
            try Self.check(context)
            data = context
        case .unknown(let name, let bytes):
            guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy(\.isLetter) else {
                throw CodecError(.malformedCommand, "no name of a command: \"\(name)\"")
            }
            data = bytes
        }
        Self.appendFrame(name: name, data: data, into: &output)
    }

    /// Appends a PING without context. It cannot fail, as the general form can.
    public static func encodePing(ttlTenths: UInt16, into output: inout [UInt8]) {
        var data: [UInt8] = []
        data.append(bigEndian: ttlTenths)
        appendFrame(name: "PING", data: data, into: &output)
    }

    /// Appends the PONG that answers a PING with this context, of which 16 bytes count.
    public static func encodePong(context: [UInt8], into output: inout [UInt8]) {
        appendFrame(
            name: "PONG", data: Array(context.prefix(maximumContextBytes)), into: &output)
    }

    /// Appends a command frame. `name` has 1 to 255 bytes.
    static func appendFrame(name: String, data: [UInt8], into output: inout [UInt8]) {
        let length = 1 + name.utf8.count + data.count
        FrameHeader(flags: .command, bodyLength: UInt64(length)).append(to: &output)
        output.append(UInt8(truncatingIfNeeded: name.utf8.count))
        output += name.utf8
        output += data
    }

    private static func check(_ context: [UInt8]) throws(CodecError) {
        guard context.count <= maximumContextBytes else {
            throw CodecError(
                .valueTooLong, "a context of \(context.count) bytes, \(maximumContextBytes) may be")
        }
    }
}

extension FrameHeader {
    /// Appends the header to an array. For what is not hot; `encode(into:)` is for what is.
    public func append(to output: inout [UInt8]) {
        var header: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
        // Safe because the array has room for the longest header.
        let length = unsafe header.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe encode(into: base) } else { 0 }
        }
        output += header.prefix(length)
    }
}
