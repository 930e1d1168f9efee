/// Where a socket listens or connects to: a transport and an address, as in `tcp://127.0.0.1:5555`.
///
/// A value of this type is well formed: known scheme, an address of the scheme's grammar, no NUL.
/// Whether the address exists is for the transport to find out.
///
/// | text | means |
/// |---|---|
/// | `tcp://host:port` | a name, an IPv4 number, `[IPv6]`, an interface, `*`; port `0` or `*` |
/// | `tcp://source:port;host:port` | the same, connecting from a given local address |
/// | `host:port` | `tcp://host:port` (or the scheme given to the initialiser) |
/// | `ipc://path`, `ipc://@name`, `ipc://*` | a path, an abstract name, a path made up |
/// | `inproc://name` | a name within the context |
/// | `udp://host:port` | like `tcp`; a multicast group as host is joined, or sent to |
/// | `udp://interface;group:port` | the same through a network interface |
/// | `rdma://host:port` | like `tcp` |
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The longest text accepted, in bytes; every address family's own limit is far below.
    public static let maximumBytes = 1024

    /// The transport.
    public let scheme: Scheme
    /// The address as written behind `://`: `127.0.0.1:5555`, `*:*`, `[::1]:80`, `/run/x`, `@name`.
    public let address: String

    /// The endpoint's text, `scheme://address`.
    public var description: String { "\(scheme.rawValue)://\(address)" }

    /// Parses an endpoint.
    ///
    /// - Parameters:
    ///   - text: `scheme://address`, or `host:port` alone.
    ///   - bareScheme: the scheme of a text without one; it must be one with a port.
    /// - Throws: ``TransportError/Code/invalidEndpoint`` for a text that is not an endpoint,
    ///   ``TransportError/Code/unsupportedTransport`` for a scheme that does not exist here,
    ///   ``TransportError/Code/incompatibleTransport`` for `udp`.
    public init(_ text: String, bareScheme: Scheme = .tcp) throws(TransportError) {
        try Self.checkSize(text)
        guard let mark = Self.schemeEnd(in: text.utf8) else {
            if text.isEmpty {
                throw TransportError(.invalidEndpoint, "the endpoint is empty", endpoint: text)
            }
            if text.utf8.first == UInt8(ascii: "/") {
                throw TransportError(
                    .invalidEndpoint, "\(text.debugDescription) has no transport; a path is ipc://",
                    endpoint: text)
            }
            try self.init(scheme: bareScheme, address: text, written: text)
            return
        }
        let name = String(text[..<mark])
        guard let scheme = Scheme(rawValue: name) else {
            throw Self.unknownScheme(name, in: text)
        }
        let address = text.utf8.index(mark, offsetBy: 3)
        try self.init(scheme: scheme, address: String(text[address...]), written: text)
    }

    /// Makes an endpoint of its parts; transports use it for the addresses that they really have.
    /// - Throws: ``TransportError/Code/invalidEndpoint``.
    public init(scheme: Scheme, address: String) throws(TransportError) {
        let text = "\(scheme.rawValue)://\(address)"
        try Self.checkSize(text)
        try self.init(scheme: scheme, address: address, written: text)
    }

    private init(scheme: Scheme, address: String, written: String) throws(TransportError) {
        self.scheme = scheme
        self.address = address
        if let reason = Self.fault(in: address, scheme: scheme) {
            throw TransportError(
                .invalidEndpoint, "\(written.debugDescription) is not an endpoint: \(reason)",
                endpoint: written)
        }
    }
}

// MARK: - Host and port

extension Endpoint {
    /// The host and port of a `tcp` or `rdma` endpoint (the destination where a source is given).
    public var hostPort: HostPort? {
        scheme.hasPort ? try? HostPort(parsing: Self.parts(of: address).destination) : nil
    }

    /// The local address to connect from, of `tcp://source:port;host:port`.
    public var source: HostPort? {
        guard scheme.hasPort, scheme != .udp, let text = Self.parts(of: address).source else {
            return nil
        }
        return try? HostPort(parsing: text)
    }

    /// The network interface of `udp://interface;group:port`: a name, or a number of it.
    public var interface: String? {
        scheme == .udp ? Self.parts(of: address).source.map(String.init) : nil
    }

    /// The host without brackets; empty for a scheme without hosts.
    public var host: String { hostPort?.host ?? "" }

    /// The port; 0 where it was written `0` or `*`, nil for a scheme without ports.
    public var port: UInt16? { hostPort?.port }

    private static func parts(
        of address: String
    ) -> (source: Substring?, destination: Substring) {
        guard let mark = address.utf8.firstIndex(of: UInt8(ascii: ";")) else {
            return (nil, address[...])
        }
        return (address[..<mark], address[address.utf8.index(after: mark)...])
    }
}

// MARK: - Grammar

extension Endpoint {
    private static func checkSize(_ text: String) throws(TransportError) {
        guard text.utf8.count <= maximumBytes else {
            throw TransportError(
                .invalidEndpoint,
                "an endpoint of \(text.utf8.count) bytes is longer than \(maximumBytes)",
                endpoint: String(decoding: text.utf8.prefix(64), as: UTF8.self) + "…")
        }
    }

    private static func schemeEnd(in utf8: String.UTF8View) -> String.Index? {
        let mark = [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "/")]
        return utf8.indices.first { utf8[$0...].starts(with: mark) }
    }

    private static func unknownScheme(_ name: String, in text: String) -> TransportError {
        let known = "the transports are " + Scheme.allCases.map(\.rawValue).joined(separator: ", ")
        let (code, reason): (TransportError.Code, String) =
            switch name {
            case "": (.invalidEndpoint, "the transport is missing before ://")
            case Scheme.datagrams:
                (
                    .incompatibleTransport,
                    "the transport udp is not supported, and is for RADIO and DISH sockets"
                )
            case _ where Scheme.foreign.contains(name):
                (.unsupportedTransport, "the transport \(name) is not supported")
            default: (.unsupportedTransport, "there is no transport \(name.debugDescription)")
            }
        return TransportError(
            code, "\(text.debugDescription): \(reason); \(known)", endpoint: text)
    }

    /// What is wrong with an address, or nil.
    private static func fault(in address: String, scheme: Scheme) -> String? {
        if address.isEmpty { return "the address is missing" }
        if address.utf8.contains(0) { return "it has a NUL character in it" }
        switch scheme {
        case .tcp, .rdma: return hostPortFault(in: address)
        case .udp:
            let (interface, _) = parts(of: address)
            // An interface has no port.
            return hostPortFault(in: interface == nil ? address : interfaceWithPort(address))
        case .ipc: return address == "@" ? "the abstract name behind @ is missing" : nil
        case .inproc: return nil
        }
    }

    private static func interfaceWithPort(_ address: String) -> String {
        guard let mark = address.firstIndex(of: ";") else { return address }
        return address[..<mark] + ":0" + address[mark...]
    }

    private static func hostPortFault(in address: String) -> String? {
        let (source, destination) = parts(of: address)
        if destination.utf8.contains(UInt8(ascii: ";")) { return "it has more than one ; in it" }
        do throws(HostPort.Fault) {
            if let source { _ = try HostPort(parsing: source) }
            _ = try HostPort(parsing: destination)
            return nil
        } catch {
            return error.reason
        }
    }
}
