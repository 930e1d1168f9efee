import CMCLinux
import Glibc
import MCTransport

/// The bytes of a kernel `sockaddr`.
///
/// Safe because the shim's functions borrow strings and bytes until they return, never read beyond
/// the length given, and write at most `CMC_NET_ADDRESS_BYTES` of an address.
struct SocketAddress: Sendable, Hashable {
    enum Family: Int32, Sendable {
        case ipv4 = 2
        case ipv6 = 10
        case unix = 1
    }

    let bytes: [UInt8]

    /// The family; nil for bytes that are no address of ours.
    var family: Family? {
        unsafe Family(rawValue: cmc_net_family(bytes, UInt32(bytes.count)))
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Lets `fill` write an address and return its length; throws its negative errno.
    private init(_ fill: (UnsafeMutableRawPointer) -> Int32) throws(Errno) {
        var bytes = [UInt8](repeating: 0, count: Int(CMC_NET_ADDRESS_BYTES))
        let length = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.baseAddress.map(fill) ?? -EINVAL
        }
        guard length >= 0 else { throw Errno(number: -length) }
        bytes.removeLast(bytes.count - Int(length))
        self.bytes = bytes
    }

    /// An IPv4 or IPv6 number; throws EINVAL for anything else.
    init(number host: String, port: UInt16) throws(Errno) {
        unsafe try self.init { unsafe cmc_net_numeric_address(host, port, $0) }
    }

    /// An interface's first address of a family.
    init(interface name: String, family: Family, port: UInt16) throws(Errno) {
        unsafe try self.init { unsafe cmc_net_interface_address(name, family.rawValue, port, $0) }
    }

    /// A path or `@name`.
    init(path: String) throws(Errno) {
        unsafe try self.init { unsafe cmc_net_unix_address(path, UInt32(path.utf8.count), $0) }
    }

    /// The address that a socket is bound to.
    init(localOf descriptor: Int32) throws(Errno) {
        unsafe try self.init { unsafe cmc_net_local_address(descriptor, $0) }
    }

    /// The address that a socket is connected to.
    init(peerOf descriptor: Int32) throws(Errno) {
        unsafe try self.init { unsafe cmc_net_peer_address(descriptor, $0) }
    }

    /// `127.0.0.1:80` or `[::1]:80`; nil for other families.
    var text: String? {
        var text = [CChar](repeating: 0, count: Int(CMC_NET_TEXT_BYTES))
        let length = unsafe cmc_net_address_text(
            bytes, UInt32(bytes.count), &text, UInt32(text.count))
        guard length >= 0 else { return nil }
        return String(decoding: text[..<Int(length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SocketAddress {
    /// The 4 or 16 bytes of the IP address; nil for other families.
    var number: [UInt8]? {
        var number = [UInt8](repeating: 0, count: 16)
        let count = unsafe cmc_net_address_number(bytes, UInt32(bytes.count), &number)
        return count > 0 ? Array(number[..<Int(count)]) : nil
    }

    /// The path or `@name` of a unix socket; nil for one without, and for other families.
    var path: String? {
        // unix(7): sun_path follows the family, and may end before its end mark.
        let name = bytes.dropFirst(2)
        guard family == .unix, let first = name.first else { return nil }
        if first == 0 {
            return name.count > 1 ? "@" + String(decoding: name.dropFirst(), as: UTF8.self) : nil
        }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// A positive error number on its way to the place that knows the endpoint.
struct Errno: Error {
    let number: Int32
}

extension SocketAddress {
    /// The addresses of a name, best first: IPv4 before IPv6 unless IPv6 is wanted. Blocks.
    static func lookUp(
        _ host: HostPort, ipv6: Bool, for endpoint: Endpoint
    ) throws(TransportError) -> [SocketAddress] {
        var found: OpaquePointer?
        var systemError: Int32 = 0
        let code = unsafe cmc_net_lookup(host.host, host.port, &found, &systemError)
        guard code == 0, let found = unsafe found else {
            throw lookUpError(code, systemError, host: host.host, endpoint: endpoint)
        }
        // Safe because the list is released after its last use here, and addresses are copied out.
        defer { unsafe cmc_net_addresses_free(found) }
        let addresses = unsafe (0..<cmc_net_addresses_count(found)).compactMap { index in
            try? unsafe SocketAddress { unsafe cmc_net_addresses_get(found, index, $0) }
        }
        guard !addresses.isEmpty else {
            throw lookUpError(0, 0, host: host.host, endpoint: endpoint)
        }
        if ipv6 { return addresses }
        return addresses.filter { $0.family == .ipv4 } + addresses.filter { $0.family != .ipv4 }
    }

    private static func lookUpError(
        _ code: Int32, _ systemError: Int32, host: String, endpoint: Endpoint
    ) -> TransportError {
        let cause =
            if systemError != 0 {
                TransportError.text(ofErrno: systemError)
            } else if code != 0, let text = unsafe cmc_net_lookup_error(code) {
                unsafe String(cString: text)
            } else {
                "it has no IPv4 or IPv6 address"
            }
        // ENODEV is what libzmq gives for a name that it cannot bind or connect to.
        return TransportError(
            .unresolvedName,
            "cannot resolve \(endpoint): the name \(host.debugDescription): \(cause)",
            endpoint: endpoint.description, errno: systemError != 0 ? systemError : ENODEV)
    }
}
