/// What went wrong in a transport: a code to act on, a sentence to read, the endpoint, the cause.
public struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened, in the words that a caller can act on.
    ///
    /// A struct and not an enum, so that codes can be added without breaking a `switch`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, `addressInUse` for example.
        public let description: String

        private init(_ name: String) { description = name }

        /// The text is not an endpoint, or not one that can be used in this way.
        public static let invalidEndpoint = Code("invalidEndpoint")
        /// The transport does not exist here, or the host has no support for it.
        public static let unsupportedTransport = Code("unsupportedTransport")
        /// The transport is not for sockets of the types that exist here: `udp` is for RADIO and DISH.
        public static let incompatibleTransport = Code("incompatibleTransport")
        /// The text is not a range of IP addresses.
        public static let invalidAddressRange = Code("invalidAddressRange")
        /// The listener's filter does not accept the peer, whose connection is closed.
        public static let refusedByFilter = Code("refusedByFilter")
        /// Something else listens there.
        public static let addressInUse = Code("addressInUse")
        /// The address is not one of this host.
        public static let addressNotAvailable = Code("addressNotAvailable")
        /// Nobody listens there, or the listener's backlog is full. Worth another try later.
        public static let connectionRefused = Code("connectionRefused")
        /// The connection ended while it was set up.
        public static let connectionReset = Code("connectionReset")
        /// No route to the network or the host.
        public static let unreachable = Code("unreachable")
        /// No answer in time.
        public static let timedOut = Code("timedOut")
        /// The host name has no address.
        public static let unresolvedName = Code("unresolvedName")
        /// The proxy failed, or broke its protocol.
        public static let proxyError = Code("proxyError")
        /// The process, or we as seen by a proxy, may not do this.
        public static let permissionDenied = Code("permissionDenied")
        /// The process or the host has no descriptor left. Worth another try later.
        public static let tooManyDescriptors = Code("tooManyDescriptors")
        /// The kernel has no memory left for it. Worth another try later.
        public static let outOfMemory = Code("outOfMemory")
        /// The path, or a directory in it, does not exist.
        public static let notFound = Code("notFound")
        /// The object has been closed.
        public static let closed = Code("closed")
        /// Another error of the operating system; ``TransportError/errno`` says which.
        public static let systemError = Code("systemError")
    }

    /// What happened.
    public var code: Code
    /// A sentence for people; it names the endpoint and the system's error text where there is one.
    public var message: String
    /// The endpoint concerned, as text.
    public var endpoint: String?
    /// The system's error number, 0 where no system call failed.
    public var errno: Int32

    /// Makes an error.
    public init(_ code: Code, _ message: String, endpoint: String? = nil, errno: Int32 = 0) {
        self.code = code
        self.message = message
        self.endpoint = endpoint
        self.errno = errno
    }

    /// The code and the message.
    public var description: String { "\(code): \(message)" }
}
