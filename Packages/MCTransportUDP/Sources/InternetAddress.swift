import CMCLinux
import Glibc
import MCTransport

/// The bytes of a kernel `sockaddr` of IPv4 or IPv6.
///
/// Safe because the shim's functions borrow strings and bytes until they return, never read beyond
/// the length given, and write at most `CMC_NET_ADDRESS_BYTES` of an address.
struct InternetAddress: Sendable, Hashable {
    let bytes: [UInt8]

    private init?(_ fill: (UnsafeMutableRawPointer) -> Int32) {
        var bytes = [UInt8](repeating: 0, count: Int(CMC_NET_ADDRESS_BYTES))
        let length = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.baseAddress.map(fill) ?? -EINVAL
        }
        guard length > 0 else { return nil }
        bytes.removeLast(bytes.count - Int(length))
        self.bytes = bytes
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// A number; nil for anything else.
    init?(number host: String, port: UInt16) {
        unsafe self.init { unsafe cmc_net_numeric_address(host, port, $0) }
    }

    /// The first address of a family that an interface has.
    init?(interface name: String, family: Int32, port: UInt16) {
        unsafe self.init { unsafe cmc_net_interface_address(name, family, port, $0) }
    }

    /// The address that a socket is bound to.
    init?(localOf descriptor: Int32) {
        unsafe self.init { unsafe cmc_net_local_address(descriptor, $0) }
    }

    /// `127.0.0.1:80` or `[::1]:80`, as numbers; nil for anything else.
    init?(text: String) {
        guard let endpoint = try? Endpoint(scheme: .udp, address: text),
            endpoint.interface == nil, let host = endpoint.hostPort, host.port > 0, !host.isAnyHost
        else { return nil }
        self.init(number: host.host, port: host.port)
    }

    /// The first address of a name. Blocks.
    init?(name host: String, port: UInt16, ipv6: Bool) {
        var found: OpaquePointer?
        var systemError: Int32 = 0
        guard unsafe cmc_net_lookup(host, port, &found, &systemError) == 0,
            let found = unsafe found
        else { return nil }
        // Safe because the list is released after its last use here, and addresses are copied out.
        defer { unsafe cmc_net_addresses_free(found) }
        let all = unsafe (0..<cmc_net_addresses_count(found)).compactMap { index in
            unsafe InternetAddress { unsafe cmc_net_addresses_get(found, index, $0) }
        }
        let preferred = ipv6 ? all.first : all.first { $0.family == CMC_NET_IPV4 }
        guard let first = preferred ?? all.first else { return nil }
        self = first
    }

    var family: Int32 { unsafe cmc_net_family(bytes, UInt32(bytes.count)) }

    var isMulticast: Bool { unsafe cmc_net_is_multicast(bytes, UInt32(bytes.count)) }

    /// `127.0.0.1:80` or `[::1]:80`.
    var text: String? {
        var text = [CChar](repeating: 0, count: Int(CMC_NET_TEXT_BYTES))
        let length = unsafe cmc_net_address_text(
            bytes, UInt32(bytes.count), &text, UInt32(text.count))
        guard length >= 0 else { return nil }
        return String(decoding: text[..<Int(length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
