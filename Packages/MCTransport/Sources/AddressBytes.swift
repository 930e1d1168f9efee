import Glibc

/// IP addresses written as numbers, in network order: 4 bytes or 16.
enum AddressBytes {
    /// `127.0.0.1`; nil for anything else.
    static func ipv4(_ text: String) -> [UInt8]? { parse(text, AF_INET, count: 4) }

    /// `::1`, without a zone; nil for anything else.
    static func ipv6(_ text: String) -> [UInt8]? { parse(text, AF_INET6, count: 16) }

    private static func parse(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        // The C library would not see what stands behind it.
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        // Safe because the text is borrowed for the call, and an address of the family has so many
        // bytes.
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    /// The 4 bytes of an IPv4 address that an IPv6 socket sees (RFC 4291, section 2.5.5.2); nil for
    /// others.
    static func mappedIPv4(_ address: [UInt8]) -> [UInt8]? {
        let prefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        return address.count == 16 && address.starts(with: prefix) ? Array(address[12...]) : nil
    }
}
