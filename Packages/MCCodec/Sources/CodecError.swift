/// Why bytes could not be read as ZMTP or as a tensor, or a value could not be written.
///
/// Every decoder of this module ends in one of these and never in a trap, whatever the bytes.
/// The code is what a program decides by; the message is what a person reads.
public struct CodecError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of error it is. Codes may be added, so a `switch` over them needs a `default`.
    @frozen public struct Code: Hashable, Sendable {
        @usableFromInline let number: UInt8

        @inlinable init(_ number: UInt8) { self.number = number }
    }

    /// What went wrong.
    public var code: Code
    /// The same in words, with the offending value where there is one.
    public var message: String

    /// An error with a code and a sentence.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// An error that needs no more words than its code has.
    public init(_ code: Code) {
        self.init(code, code.description)
    }

    public var description: String { message }
}

extension CodecError.Code {
    /// Bits 7 to 3 of a frame's flags are not zero (RFC 37, "Framing").
    @inlinable public static var reservedFlagBits: Self { Self(1) }
    /// A frame says that it is a command and that more frames follow; a command is always alone.
    @inlinable public static var commandWithMore: Self { Self(2) }
    /// A frame's 64-bit length has its top bit set; the longest frame is 2^63 - 1 bytes.
    @inlinable public static var frameTooLong: Self { Self(3) }
    /// A frame is longer than the receiver accepts (MAXMSGSIZE).
    @inlinable public static var messageTooLarge: Self { Self(4) }
    /// A message has more frames than the receiver accepts.
    @inlinable public static var tooManyFrames: Self { Self(5) }
    /// There is no memory for what is arriving.
    @inlinable public static var outOfMemory: Self { Self(6) }

    /// The first bytes are no ZMTP signature: the peer speaks something else.
    @inlinable public static var notZMTP: Self { Self(10) }
    /// The peer speaks ZMTP 1.0 (libzmq 2.x), which has no handshake that we know.
    @inlinable public static var peerSpeaksZMTP1: Self { Self(11) }
    /// The peer speaks ZMTP 2.0 (libzmq 3.x), which has no security mechanism.
    @inlinable public static var peerSpeaksZMTP2: Self { Self(12) }
    /// A field of the greeting is malformed.
    @inlinable public static var malformedGreeting: Self { Self(13) }
    /// A mechanism's name is empty, longer than 20 bytes, or has characters that are not allowed.
    @inlinable public static var invalidMechanismName: Self { Self(14) }

    /// A command frame's body does not follow the grammar of its command.
    @inlinable public static var malformedCommand: Self { Self(20) }
    /// Metadata does not follow the grammar, or a name or value is too long.
    @inlinable public static var malformedMetadata: Self { Self(21) }
    /// A name, context or reason is longer than its length field can say.
    @inlinable public static var valueTooLong: Self { Self(22) }

    /// A tensor header is not one that we know: wrong magic, version, length or JSON.
    @inlinable public static var malformedTensorHeader: Self { Self(30) }
    /// A tensor has more than four dimensions.
    @inlinable public static var rankTooHigh: Self { Self(31) }
    /// A tensor's element type has a code or a name that we do not know.
    @inlinable public static var unknownDataType: Self { Self(32) }
    /// A dimension is negative, or too large for this machine.
    @inlinable public static var invalidDimension: Self { Self(33) }
    /// Shape times item size does not fit in 63 bits.
    @inlinable public static var sizeOverflow: Self { Self(34) }
    /// A payload's length is not shape times item size.
    @inlinable public static var payloadLengthMismatch: Self { Self(35) }
    /// A payload does not have the checksum that its header announces.
    @inlinable public static var checksumMismatch: Self { Self(36) }
}

extension CodecError.Code: CustomStringConvertible {
    public var description: String {
        switch self {
        case .reservedFlagBits: "a frame has reserved flag bits set"
        case .commandWithMore: "a command frame announces more frames"
        case .frameTooLong: "a frame is longer than 2^63 - 1 bytes"
        case .messageTooLarge: "a frame is longer than is accepted"
        case .tooManyFrames: "a message has more frames than are accepted"
        case .outOfMemory: "no memory for the message that is arriving"
        case .notZMTP: "the peer does not speak ZMTP"
        case .peerSpeaksZMTP1: "the peer speaks ZMTP 1.0, the oldest accepted is 3.0"
        case .peerSpeaksZMTP2: "the peer speaks ZMTP 2.0, the oldest accepted is 3.0"
        case .malformedGreeting: "the greeting is malformed"
        case .invalidMechanismName: "the name of the security mechanism is not valid"
        case .malformedCommand: "a command is malformed"
        case .malformedMetadata: "metadata is malformed"
        case .valueTooLong: "a value is longer than its length field can say"
        case .malformedTensorHeader: "the tensor header is malformed"
        case .rankTooHigh: "a tensor has more than four dimensions"
        case .unknownDataType: "the tensor's data type is unknown"
        case .invalidDimension: "a dimension of the tensor is not valid"
        case .sizeOverflow: "the tensor's shape times its item size is too large"
        case .payloadLengthMismatch: "the payload is not as long as the tensor's shape says"
        case .checksumMismatch: "the payload does not have the checksum of its header"
        default: "codec error \(number)"
        }
    }
}
