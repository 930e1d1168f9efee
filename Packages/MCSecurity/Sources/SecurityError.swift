public import MCCodec

/// Why a connection did not get as far as its first message.
public struct SecurityError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of error it is. Codes may be added, so a `switch` over them needs a `default`.
    public struct Code: Hashable, Sendable {
        private enum Kind: Hashable {
            case notZMTP, unsupportedVersion, mechanismMismatch, protocolViolation
            case incompatibleSocketTypes, refusedByPeer, invalidLocalPeer
        }

        private let kind: Kind

        /// The peer does not speak ZMTP.
        public static var notZMTP: Self { Self(kind: .notZMTP) }
        /// The peer speaks ZMTP 1.0 or 2.0.
        public static var unsupportedVersion: Self { Self(kind: .unsupportedVersion) }
        /// The peer wants another security mechanism than we do.
        public static var mechanismMismatch: Self { Self(kind: .mechanismMismatch) }
        /// The peer speaks ZMTP, but what it sent is not allowed.
        public static var protocolViolation: Self { Self(kind: .protocolViolation) }
        /// A socket of the peer's type may not talk to one of ours.
        public static var incompatibleSocketTypes: Self { Self(kind: .incompatibleSocketTypes) }
        /// The peer sent ERROR. RFC 37, "Error Handling": do not come back with the same
        /// credentials.
        public static var refusedByPeer: Self { Self(kind: .refusedByPeer) }
        /// Our own side is described in a way that cannot be sent.
        public static var invalidLocalPeer: Self { Self(kind: .invalidLocalPeer) }
    }

    /// What went wrong.
    public var code: Code
    /// The same in words; names come from the peer, cut and with nothing but printable ASCII.
    public var message: String
    /// The error of the codec that this one stands for, if there is one.
    public var cause: CodecError?

    /// An error with a code and a sentence.
    public init(_ code: Code, _ message: String, cause: CodecError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// What an error of the codec means to a handshake.
    public init(_ cause: CodecError) {
        let code: Code =
            switch cause.code {
            case .notZMTP: .notZMTP
            case .peerSpeaksZMTP1, .peerSpeaksZMTP2: .unsupportedVersion
            default: .protocolViolation
            }
        self.init(code, cause.message, cause: cause)
    }

    public var description: String { message }
}

/// Bytes from the peer as text for messages: at most `limit` characters, all printable ASCII.
func printable(_ bytes: [UInt8], limit: Int = 64) -> String {
    let shown = bytes.prefix(limit).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
    return String(decoding: shown, as: UTF8.self)
}
