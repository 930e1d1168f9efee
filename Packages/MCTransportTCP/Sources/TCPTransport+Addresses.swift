import Glibc
import MCTransport

/// From endpoints to addresses.
extension TCPTransport {
    func invalid(_ endpoint: Endpoint, _ reason: String) -> TransportError {
        TransportError(
            .invalidEndpoint, "\(endpoint): \(reason)", endpoint: endpoint.description)
    }

    func hostPort(of endpoint: Endpoint) throws(TransportError) -> HostPort {
        guard endpoint.scheme == .tcp, let host = endpoint.hostPort else {
            throw TransportError(
                .unsupportedTransport, "\(endpoint) is not an endpoint of tcp",
                endpoint: endpoint.description)
        }
        return host
    }

    /// Where to connect to: a host and a port, both given.
    func destination(of endpoint: Endpoint) throws(TransportError) -> HostPort {
        let host = try hostPort(of: endpoint)
        if host.isAnyHost { throw invalid(endpoint, "connecting needs a host, * is for listening") }
        if host.port == 0 { throw invalid(endpoint, "connecting needs a port") }
        return host
    }

    /// The address of a number; nil for a name.
    func number(
        _ host: HostPort, _ endpoint: Endpoint
    ) throws(TransportError) -> SocketAddress? {
        if let address = try? SocketAddress(number: host.host, port: host.port) { return address }
        if host.isIPv6 {
            throw invalid(
                endpoint, "\(host.host) is not an IPv6 address, or its zone is no interface here")
        }
        return nil
    }

    /// The addresses to try to listen on, best first; more than one only as alternatives.
    func localAddresses(
        _ host: HostPort, _ options: LinkOptions, _ endpoint: Endpoint
    ) throws(TransportError) -> [SocketAddress] {
        let families: [SocketAddress.Family] = options.ipv6 ? [.ipv6, .ipv4] : [.ipv4, .ipv6]
        if host.isAnyHost {
            let any = families.compactMap { anyAddress($0, port: host.port) }
            return options.ipv6 ? any : Array(any.prefix(1))
        }
        if let address = try number(host, endpoint) { return [address] }
        let own = families.compactMap {
            try? SocketAddress(interface: host.host, family: $0, port: host.port)
        }
        if let first = own.first { return [first] }
        return try SocketAddress.lookUp(host, ipv6: options.ipv6, for: endpoint)
    }

    private func anyAddress(_ family: SocketAddress.Family, port: UInt16) -> SocketAddress? {
        try? SocketAddress(number: family == .ipv6 ? "::" : "0.0.0.0", port: port)
    }

    /// Adds the source address, where the endpoint has one, and the text.
    func linkAddresses(
        _ targets: [SocketAddress], _ endpoint: Endpoint
    ) throws(TransportError) -> [LinkAddress] {
        let source = endpoint.source
        var addresses: [LinkAddress] = []
        for target in targets {
            guard let family = target.family, let text = target.text else { continue }
            var from: [UInt8] = []
            if let source {
                guard let address = try sourceAddress(source, family, endpoint) else { continue }
                from = address.bytes
            }
            addresses.append(
                LinkAddress(
                    socketAddress: target.bytes, sourceAddress: from, text: "tcp://\(text)"))
        }
        guard !addresses.isEmpty else {
            throw TransportError(
                .addressNotAvailable,
                "\(endpoint): the source is no number and no interface of this host with an "
                    + "address of the destination's family",
                endpoint: endpoint.description, errno: ENODEV)
        }
        return addresses
    }

    private func sourceAddress(
        _ source: HostPort, _ family: SocketAddress.Family, _ endpoint: Endpoint
    ) throws(TransportError) -> SocketAddress? {
        if source.isAnyHost { return anyAddress(family, port: source.port) }
        if let address = try number(source, endpoint) {
            return address.family == family ? address : nil
        }
        return try? SocketAddress(interface: source.host, family: family, port: source.port)
    }
}
