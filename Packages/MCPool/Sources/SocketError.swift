import MCCodec
package import MCTransport

/// What a socket's operations throw: a code to decide by, and words that name what was wrong.
///
/// The codes stand for libzmq's errno values; `description` says which endpoint or option it was.
public struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error. Codes may be added: a `switch` over them needs a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        init(_ description: String) { self.description = description }

        /// Nothing could be done at once, and waiting was not wanted (EAGAIN).
        public static let wouldBlock = Code("would block")
        /// RCVTIMEO or SNDTIMEO passed (EAGAIN).
        public static let timedOut = Code("timed out")
        /// The socket is closed (ENOTSOCK).
        public static let closed = Code("socket closed")
        /// The context was closed (ETERM).
        public static let terminated = Code("context terminated")
        /// The operation does not fit the socket's state, as a second send on REQ (EFSM).
        public static let invalidState = Code("invalid state")
        /// The socket cannot do this (ENOTSUP).
        public static let notSupported = Code("not supported")
        /// Another way to receive is in use on this socket.
        public static let mixedReceiveStyles = Code("mixed ways to receive")
        /// An endpoint is malformed, or not one of this socket's (EINVAL, ENOENT).
        public static let invalidEndpoint = Code("invalid endpoint")
        /// The transport is unknown or not built in (EPROTONOSUPPORT).
        public static let unsupportedTransport = Code("unsupported transport")
        /// Sockets of this type do not use the transport in this way (ENOCOMPATPROTO).
        public static let incompatibleTransport = Code("incompatible transport")
        /// The endpoint is in use (EADDRINUSE).
        public static let addressInUse = Code("address in use")
        /// The endpoint is not of this host (EADDRNOTAVAIL).
        public static let addressNotAvailable = Code("address not available")
        /// An option's value is out of range (EINVAL).
        public static let invalidOption = Code("invalid option")
        /// The message cannot be sent like this (EINVAL).
        public static let invalidMessage = Code("invalid message")
        /// No such peer is connected (EHOSTUNREACH).
        public static let hostUnreachable = Code("host unreachable")
        /// The process or the system has no descriptors left (EMFILE, ENFILE).
        public static let tooManyDescriptors = Code("too many descriptors")
        /// There is no memory for the message (ENOMEM).
        public static let outOfMemory = Code("out of memory")
        /// A signal came while a call waited (EINTR); only where calls shall end so.
        public static let interrupted = Code("interrupted")
        /// The waiting task was cancelled.
        public static let cancelled = Code("cancelled")
        /// The peer broke the protocol, or a limit.
        public static let protocolError = Code("protocol error")
        /// The operating system refused.
        public static let systemError = Code("system error")
    }

    public var code: Code
    /// What happened, in words; names the value that was wrong.
    public var message: String
    /// The endpoint concerned.
    public var endpoint: String?
    /// The operating system's error number where there was one, else 0.
    public var errno: Int32

    public init(_ code: Code, _ message: String, endpoint: String? = nil, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.endpoint = endpoint
        self.errno = errno
    }

    /// Passes on what a transport says.
    package init(_ error: TransportError) {
        let code: Code =
            switch error.code {
            case .invalidEndpoint: .invalidEndpoint
            case .unsupportedTransport: .unsupportedTransport
            case .addressInUse: .addressInUse
            case .addressNotAvailable: .addressNotAvailable
            case .tooManyDescriptors: .tooManyDescriptors
            case .outOfMemory: .outOfMemory
            default: .systemError
            }
        self.init(code, error.message, endpoint: error.endpoint, errno: error.errno)
    }

    /// What an error of the codec means to a connection.
    init(_ error: CodecError, endpoint: String) {
        let code: Code = error.code == .outOfMemory ? .outOfMemory : .protocolError
        self.init(code, error.message, endpoint: endpoint)
    }

    public var description: String {
        guard let endpoint, !message.contains(endpoint) else { return "\(code): \(message)" }
        return "\(code): \(message) (\(endpoint))"
    }
}
