/// A SOCKS5 server that makes TCP connections for others (RFC 1928).
public struct SOCKSProxy: Sendable, Hashable {
    /// Where it listens: a `tcp` endpoint, with the source to connect from where it has one.
    public let endpoint: Endpoint
    /// Who we are to it (RFC 1929), at most 255 bytes each. An empty name: it is not told.
    public let username: String
    public let password: String

    /// Makes a proxy.
    /// - Parameter address: `host:port`, or `source:port;host:port`.
    /// - Throws: ``TransportError/Code/invalidEndpoint`` for an address without a host or a port, or a
    ///   name or password that is too long.
    public init(
        address: String, username: String = "", password: String = ""
    ) throws(TransportError) {
        let endpoint = try Endpoint(scheme: .tcp, address: address)
        guard let host = endpoint.hostPort, !host.isAnyHost, host.port != 0 else {
            throw TransportError(
                .invalidEndpoint, "the proxy \(address.debugDescription) needs a host and a port",
                endpoint: endpoint.description)
        }
        guard username.utf8.count <= 255, password.utf8.count <= 255 else {
            throw TransportError(
                .invalidEndpoint, "a name or password for a proxy has more than 255 bytes",
                endpoint: endpoint.description)
        }
        self.endpoint = endpoint
        self.username = username
        self.password = password
    }
}
