import CMCLinux
import Glibc
public import MCTransport

/// Listening with a socket that somebody else made: a service manager, or a program that wants
/// options of its own (ZMQ_USE_FD).
extension SocketListener {
    /// - Parameter families: those of the transport.
    static func adopt(
        _ descriptor: Int32, _ scheme: Scheme, _ families: Set<SocketAddress.Family>,
        _ options: LinkOptions
    ) throws(TransportError) -> SocketListener {
        do throws(Errno) {
            let (endpoint, family) = try localEndpoint(of: descriptor, scheme)
            guard families.contains(family) else { throw Errno(number: EAFNOSUPPORT) }
            if try check(cmc_net_is_listening(descriptor)) == 0 {
                try check(cmc_net_listen(descriptor, Int32(clamping: options.backlog)))
            }
            try check(cmc_net_make_ours(descriptor))
            return SocketListener(
                StreamSocket(owning: descriptor), family, options: options, localEndpoint: endpoint)
        } catch {
            let text = TransportError.text(ofErrno: error.number)
            throw TransportError(
                TransportError.Code(errno: error.number),
                "cannot listen with the descriptor \(descriptor) for \(scheme.rawValue): \(text)",
                errno: error.number)
        }
    }

    /// Where a socket is bound. EINVAL when it is not.
    private static func localEndpoint(
        of descriptor: Int32, _ scheme: Scheme
    ) throws(Errno) -> (Endpoint, SocketAddress.Family) {
        let address = try SocketAddress(localOf: descriptor)
        guard let family = address.family else { throw Errno(number: EAFNOSUPPORT) }
        guard let text = family == .unix ? address.path : address.text,
            let endpoint = try? Endpoint(scheme: scheme, address: text), endpoint.port != 0
        else { throw Errno(number: EINVAL) }
        return (endpoint, family)
    }

    @discardableResult
    private static func check(_ result: Int32) throws(Errno) -> Int32 {
        guard result >= 0 else { throw Errno(number: -result) }
        return result
    }
}

extension TCPTransport {
    /// Listens with a TCP socket of IPv4 or IPv6.
    public func listen(
        with descriptor: Int32, options: LinkOptions
    ) throws(TransportError) -> any StreamListener {
        try SocketListener.adopt(descriptor, .tcp, [.ipv4, .ipv6], options)
    }
}

extension IPCTransport {
    /// Listens with a unix socket. Its file stays when the listener closes: who made it removes it.
    public func listen(
        with descriptor: Int32, options: LinkOptions
    ) throws(TransportError) -> any StreamListener {
        try SocketListener.adopt(descriptor, .ipc, [.unix], options)
    }
}
