/// A subscriber's wish: one more, or one less, subscription to a prefix.
///
/// Since ZMTP 3.1 it is a SUBSCRIBE or CANCEL command. A 3.0 peer sends and expects a message of
/// one frame instead, whose first byte is 1 or 0 and whose rest is the prefix (RFC 23,
/// "The Publish-Subscribe Pattern"). libzmq takes both forms from every peer, and so do we.
public struct Subscription: Hashable, Sendable {
    /// True to subscribe, false to cancel.
    public var isSubscribe: Bool
    /// What the wanted messages begin with; empty for all messages.
    public var prefix: [UInt8]

    /// A wish for messages that begin with `prefix`, or the end of one.
    public init(isSubscribe: Bool, prefix: [UInt8]) {
        self.isSubscribe = isSubscribe
        self.prefix = prefix
    }

    /// The wish in the body of a message frame, or nil when the message is none: an application
    /// behind an XSUB socket may send messages of its own.
    public init?(messageBody body: RawSpan) {
        var reader = ByteReader(body)
        guard let first = reader.octet(), first <= 1 else { return nil }
        self.init(isSubscribe: first == 1, prefix: reader.rest())
    }

    /// The wish in a command, or nil when the command is another one.
    public init?(_ command: Command) {
        switch command {
        case .subscribe(let prefix): self.init(isSubscribe: true, prefix: prefix)
        case .cancel(let prefix): self.init(isSubscribe: false, prefix: prefix)
        default: return nil
        }
    }

    /// Appends the whole frame, in the form that a peer of the negotiated version understands.
    public func encode(for version: ZMTPVersion, into output: inout [UInt8]) {
        if version >= .v3_1 {
            Command.appendFrame(
                name: isSubscribe ? "SUBSCRIBE" : "CANCEL", data: prefix, into: &output)
        } else {
            FrameHeader(bodyLength: UInt64(1 + prefix.count)).append(to: &output)
            output.append(isSubscribe ? 1 : 0)
            output += prefix
        }
    }
}
