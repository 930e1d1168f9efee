import Glibc

/// The client's side of a SOCKS5 negotiation (RFC 1928 and 1929), without input or output: bytes of
/// the proxy go in, bytes for it come out. When it is done the stream is the destination's.
///
/// One way to authenticate is offered: with a name and a password where there is a name, else none.
/// That is what libzmq does; a proxy that wants the other refuses.
///
/// Budget: what is kept of the proxy is at most one message, of 262 bytes.
public struct SOCKSNegotiation: Sendable {
    private enum Phase {
        case choice
        case authentication
        case reply
        case done
    }

    private enum Method {
        static let none: UInt8 = 0
        static let password: UInt8 = 2
        static let refused: UInt8 = 0xff
    }

    private let proxy: SOCKSProxy
    /// The request to connect, ready to be sent.
    private let request: [UInt8]
    private var phase = Phase.choice
    /// The message that is coming in.
    private var message: [UInt8] = []

    /// Whether the proxy has connected to the destination.
    public private(set) var isDone = false

    /// A negotiation for a connection to `destination`, whose name, if it is one, the proxy resolves.
    public init(_ proxy: SOCKSProxy, to destination: HostPort) {
        self.proxy = proxy
        request = Self.request(for: destination)
    }

    /// What to send first.
    public func start() -> [UInt8] { [5, 1, method] }

    private var method: UInt8 { proxy.username.isEmpty ? Method.none : Method.password }

    /// Takes bytes of the proxy.
    ///
    /// - Parameters:
    ///   - bytes: what has arrived; none of it behind the end of the negotiation is touched.
    ///   - output: what to send is appended.
    /// - Returns: how many bytes were taken; all, unless the negotiation is done.
    /// - Throws: what the proxy says, or ``TransportError/Code/proxyError``. The connection is to be
    ///   closed then.
    public mutating func receive(
        _ bytes: RawSpan, output: inout [UInt8]
    ) throws(TransportError) -> Int {
        var taken = 0
        while !isDone, taken < bytes.byteCount {
            // Safe because it lies before the end.
            message.append(unsafe bytes.unsafeLoad(fromByteOffset: taken, as: UInt8.self))
            taken += 1
            try advance(&output)
        }
        return taken
    }

    /// Acts on the message so far, and begins the next when it is whole.
    private mutating func advance(_ output: inout [UInt8]) throws(TransportError) {
        switch phase {
        case .choice:
            try checkVersion(5)
            guard message.count == 2 else { return }
            try checkChoice(message[1])
            if method == Method.password {
                output += credentials
                phase = .authentication
            } else {
                output += request
                phase = .reply
            }
        case .authentication:
            try checkVersion(1)
            guard message.count == 2 else { return }
            guard message[1] == 0 else {
                throw refusal(.permissionDenied, EACCES, "does not accept the name and password")
            }
            output += request
            phase = .reply
        case .reply:
            try checkVersion(5)
            guard try isReplyWhole() else { return }
            phase = .done
            isDone = true
        case .done: return
        }
        message = []
    }

    // MARK: The proxy's messages

    private func checkVersion(_ version: UInt8) throws(TransportError) {
        guard message[0] == version else { throw fault("is not a SOCKS5 proxy") }
    }

    private func checkChoice(_ choice: UInt8) throws(TransportError) {
        guard choice != Method.refused else {
            throw refusal(
                .permissionDenied, EACCES,
                method == Method.none
                    ? "wants us to authenticate" : "takes no name and password")
        }
        guard choice == method else { throw fault("chose a method that was not offered") }
    }

    private func isReplyWhole() throws(TransportError) -> Bool {
        if message.count == 2, message[1] != 0 { throw replyError(message[1]) }
        if message.count == 3, message[2] != 0 { throw fault("sent a malformed reply") }
        guard message.count >= 4 else { return false }
        // The address that it connects from, of which nothing is wanted but its length.
        let addressLength: Int
        switch message[3] {
        case 1: addressLength = 4
        case 4: addressLength = 16
        case 3:
            guard message.count >= 5 else { return false }
            addressLength = 1 + Int(message[4])
        default: throw fault("sent an address of an unknown type")
        }
        return message.count == 4 + addressLength + 2
    }

    /// RFC 1928, section 6.
    private func replyError(_ code: UInt8) -> TransportError {
        switch code {
        case 1: refusal(.proxyError, EIO, "failed")
        case 2: refusal(.permissionDenied, EACCES, "does not allow the connection")
        case 3: refusal(.unreachable, ENETUNREACH, "cannot reach the network")
        case 4: refusal(.unreachable, EHOSTUNREACH, "cannot reach the host")
        case 5: refusal(.connectionRefused, ECONNREFUSED, "was refused the connection")
        case 6: refusal(.timedOut, ETIMEDOUT, "gave up: the time to live expired")
        case 7: refusal(.proxyError, EPROTO, "does not make connections")
        case 8: refusal(.proxyError, EAFNOSUPPORT, "does not know this type of address")
        default: fault("sent the unknown reply \(code)")
        }
    }

    private func fault(_ what: String) -> TransportError { refusal(.proxyError, EPROTO, what) }

    private func refusal(
        _ code: TransportError.Code, _ errno: Int32, _ what: String
    ) -> TransportError {
        TransportError(
            code, "the proxy \(proxy.endpoint) \(what)", endpoint: proxy.endpoint.description,
            errno: errno)
    }

    // MARK: Our messages

    /// RFC 1929, section 2.
    private var credentials: [UInt8] {
        let name = [UInt8](proxy.username.utf8)
        let password = [UInt8](proxy.password.utf8)
        return [1, UInt8(clamping: name.count)] + name + [UInt8(clamping: password.count)]
            + password
    }

    /// RFC 1928, section 4: a number as it is, a name as it is written. The zone of an IPv6 number
    /// means something on this host only.
    private static func request(for destination: HostPort) -> [UInt8] {
        var request: [UInt8] = [5, 1, 0]
        if let number = destination.addressBytes {
            request.append(number.count == 4 ? 1 : 4)
            request += number
        } else {
            let name = [UInt8](destination.host.utf8)
            request += [3, UInt8(clamping: name.count)] + name
        }
        return request + [UInt8(destination.port >> 8), UInt8(destination.port & 0xff)]
    }
}
