import Glibc
public import MCTransport

/// TCP over IPv4 and IPv6: `tcp://host:port`.
///
/// A host is `*` (all interfaces), a number (`[…]` for IPv6), the name of a network interface where
/// a local address is meant, or a host name. A connection may name the local address that it comes
/// from: `tcp://source:port;host:port` (zmq_tcp(7)). TCP_NODELAY is always on.
public struct TCPTransport: StreamTransport {
    /// Makes the transport; it has no state.
    public init() {}

    /// `tcp`.
    public var scheme: Scheme { .tcp }

    /// Listens. A host that is no number is looked for among the interfaces first, then asked of
    /// the name service, which may block.
    public func listen(
        on endpoint: Endpoint, options: LinkOptions
    ) throws(TransportError) -> any StreamListener {
        let host = try hostPort(of: endpoint)
        guard endpoint.source == nil else {
            throw invalid(endpoint, "a source address is for connecting, not for listening")
        }
        var failure: TransportError?
        for address in try localAddresses(host, options, endpoint) {
            do throws(Errno) {
                return try listen(at: address, options, endpoint)
            } catch {
                let cause = TransportError.system(
                    error.number, cannot: "listen on", endpoint.description)
                // A host without IPv6 may still have the next address.
                guard cause.code == .addressNotAvailable || cause.code == .unsupportedTransport
                else { throw cause }
                failure = failure ?? cause
            }
        }
        throw failure ?? .system(EADDRNOTAVAIL, cannot: "listen on", endpoint.description)
    }

    /// The numbers that listening would try.
    public func listenerNames(of endpoint: Endpoint, options: LinkOptions) -> [String] {
        guard let host = try? hostPort(of: endpoint), host.port != 0,
            let addresses = try? localAddresses(host, options, endpoint)
        else { return [] }
        return addresses.compactMap { address in address.text.map { "tcp://\($0)" } }
    }

    /// Refuses what lacks a host or a port.
    public func checkDestination(_ endpoint: Endpoint) throws(TransportError) {
        _ = try destination(of: endpoint)
    }

    /// Resolves: numbers on the calling thread, names on one of a few resolver threads.
    public func resolve(
        _ endpoint: Endpoint, options: LinkOptions,
        completion: @escaping @Sendable (Result<[LinkAddress], TransportError>) -> Void
    ) {
        do throws(TransportError) {
            let host = try destination(of: endpoint)
            if let address = try number(host, endpoint) {
                completion(
                    Result { () throws(TransportError) in
                        try linkAddresses([address], endpoint)
                    })
                return
            }
            NameResolver.shared.submit { canRun in
                guard canRun else {
                    let error = TransportError.system(
                        EAGAIN, cannot: "start a thread to resolve", endpoint.description)
                    completion(.failure(error))
                    return
                }
                completion(
                    Result { () throws(TransportError) in
                        try linkAddresses(
                            SocketAddress.lookUp(host, ipv6: options.ipv6, for: endpoint), endpoint)
                    })
            }
        } catch {
            completion(.failure(error))
        }
    }

    /// Starts to connect.
    public func connect(
        to address: LinkAddress, options: LinkOptions
    ) throws(TransportError) -> any StreamLink {
        let target = SocketAddress(bytes: address.socketAddress)
        guard let family = target.family, family != .unix else {
            throw TransportError(
                .invalidEndpoint, "\(address.text) is not an address of tcp",
                endpoint: address.text)
        }
        do throws(Errno) {
            let socket = try StreamSocket(family, options)
            if !address.sourceAddress.isEmpty {
                // The same source port may serve connections to several destinations.
                try socket.allowReuse()
                try socket.bind(SocketAddress(bytes: address.sourceAddress))
            }
            try socket.connect(target)
            return SocketLink(socket, family, peer: address.text)
        } catch {
            throw .system(error.number, cannot: "connect to", address.text)
        }
    }

    private func listen(
        at address: SocketAddress, _ options: LinkOptions, _ endpoint: Endpoint
    ) throws(Errno) -> any StreamListener {
        guard let family = address.family else { throw Errno(number: EAFNOSUPPORT) }
        let socket = try StreamSocket(family, options)
        if family == .ipv6 { try socket.acceptIPv4AsWell() }
        // With SO_REUSEADDR the kernel may choose a port that another socket has bound and not yet
        // listens on. Set after the choice, it still lets the port be bound again later.
        let choosesPort = endpoint.port == 0
        if !choosesPort { try socket.allowReuse() }
        try socket.bind(address)
        if choosesPort { try socket.allowReuse() }
        try socket.listen(backlog: options.backlog)
        let real = try SocketAddress(localOf: socket.descriptor.number)
        guard let text = real.text, let local = try? Endpoint(scheme: .tcp, address: text) else {
            throw Errno(number: EINVAL)
        }
        return SocketListener(socket, family, options: options, localEndpoint: local)
    }
}
