import CMCLinux
import Glibc
public import MCTransport

/// Datagrams over IPv4 and IPv6: `udp://host:port`, and multicast groups as `udp://group:port` or
/// `udp://interface;group:port` (zmq_udp(7)).
public struct UDPTransport: DatagramTransport {
    public init() {}

    public var scheme: Scheme { .udp }

    public func open(
        _ endpoint: Endpoint, for use: DatagramUse, options: LinkOptions
    ) throws(TransportError) -> any DatagramLink {
        let address = try address(of: endpoint, use, options)
        let made = cmc_net_datagram_socket(address.family)
        guard made >= 0 else {
            throw TransportError.system(-made, cannot: "open", endpoint.description)
        }
        let link = UDPLink(
            owning: made, endpoint: endpoint, target: use == .sending ? address : nil)
        try apply(options, to: link, endpoint)
        if use == .sending {
            if address.isMulticast { try sendToGroups(link, address.family, endpoint, options) }
            return link
        }
        if use == .both { try sendToGroups(link, address.family, endpoint, options) }
        try receive(link, address, endpoint)
        guard let local = InternetAddress(localOf: made)?.text,
            !address.isMulticast,
            let real = try? Endpoint(scheme: .udp, address: local)
        else { return link }
        guard let owned = link.release() else { return link }
        return UDPLink(owning: owned, endpoint: real, target: nil)
    }

    // MARK: Steps

    private func apply(
        _ options: LinkOptions, to link: UDPLink, _ endpoint: Endpoint
    ) throws(TransportError) {
        if let bytes = options.sendBufferBytes {
            try set(link, CMC_NET_SEND_BUFFER, bytes, endpoint)
        }
        if let bytes = options.receiveBufferBytes {
            try set(link, CMC_NET_RECEIVE_BUFFER, bytes, endpoint)
        }
        guard !options.device.isEmpty else { return }
        let name = Array(options.device.utf8CString)
        try check(
            unsafe cmc_net_bind_to_device(
                link.descriptor, name, UInt32(options.device.utf8.count)), endpoint)
    }

    private func sendToGroups(
        _ link: UDPLink, _ family: Int32, _ endpoint: Endpoint, _ options: LinkOptions
    ) throws(TransportError) {
        let isIPv6 = family == CMC_NET_IPV6
        try set(
            link, isIPv6 ? CMC_NET_MULTICAST_LOOP_IPV6 : CMC_NET_MULTICAST_LOOP,
            options.multicastLoops ? 1 : 0, endpoint)
        try set(
            link, isIPv6 ? CMC_NET_MULTICAST_HOPS_IPV6 : CMC_NET_MULTICAST_HOPS,
            min(options.multicastHops, 255), endpoint)
        if let interface = endpoint.interface {
            try check(
                unsafe cmc_net_multicast_through(link.descriptor, family, interface), endpoint)
        }
    }

    private func receive(
        _ link: UDPLink, _ address: InternetAddress, _ endpoint: Endpoint
    ) throws(TransportError) {
        var local = address
        if address.isMulticast {
            // All members of a group on this host get a datagram; each binds the port.
            try set(link, CMC_NET_REUSE_ADDRESS, 1, endpoint)
            try set(link, CMC_NET_REUSE_PORT, 1, endpoint)
            let any = address.family == CMC_NET_IPV6 ? "::" : "0.0.0.0"
            guard let port = endpoint.port, let all = InternetAddress(number: any, port: port)
            else { throw notThere(endpoint) }
            local = all
        } else if address.family == CMC_NET_IPV6 {
            try set(link, CMC_NET_IPV6_ONLY, 0, endpoint)
        }
        try check(
            unsafe cmc_net_bind(link.descriptor, local.bytes, UInt32(local.bytes.count)), endpoint)
        if address.isMulticast {
            let interface = endpoint.interface ?? ""
            try check(
                unsafe cmc_net_join_group(
                    link.descriptor, address.bytes, UInt32(address.bytes.count), interface),
                endpoint)
        }
    }

    // MARK: Addresses

    private func address(
        of endpoint: Endpoint, _ use: DatagramUse, _ options: LinkOptions
    ) throws(TransportError) -> InternetAddress {
        guard endpoint.scheme == .udp, let host = endpoint.hostPort else {
            throw TransportError(
                .unsupportedTransport, "\(endpoint) is not an endpoint of udp",
                endpoint: endpoint.description)
        }
        if use == .sending, host.isAnyHost || host.port == 0 {
            throw TransportError(
                .invalidEndpoint, "\(endpoint): sending needs a host and a port",
                endpoint: endpoint.description)
        }
        if host.isAnyHost {
            let any = options.ipv6 ? "::" : "0.0.0.0"
            guard let address = InternetAddress(number: any, port: host.port) else {
                throw notThere(endpoint)
            }
            return address
        }
        if let number = InternetAddress(number: host.host, port: host.port) { return number }
        if use != .sending {
            let families =
                options.ipv6 ? [CMC_NET_IPV6, CMC_NET_IPV4] : [CMC_NET_IPV4, CMC_NET_IPV6]
            for family in families {
                if let own = InternetAddress(
                    interface: host.host, family: family, port: host.port)
                {
                    return own
                }
            }
        }
        guard
            let found = InternetAddress(name: host.host, port: host.port, ipv6: options.ipv6)
        else { throw notThere(endpoint) }
        return found
    }

    private func notThere(_ endpoint: Endpoint) -> TransportError {
        TransportError(
            .unresolvedName, "cannot resolve \(endpoint)", endpoint: endpoint.description,
            errno: ENODEV)
    }

    private func set(
        _ link: UDPLink, _ option: Int32, _ value: Int, _ endpoint: Endpoint
    ) throws(TransportError) {
        try check(
            cmc_net_set_option(link.descriptor, option, Int32(clamping: value)), endpoint)
    }

    private func check(_ result: Int32, _ endpoint: Endpoint) throws(TransportError) {
        guard result >= 0 else {
            throw TransportError.system(-result, cannot: "open", endpoint.description)
        }
    }
}
