/// A host and a port, as in `127.0.0.1:5555`, `[::1]:5555`, `eth0:*` or `*:0`.
public struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// The name, number or interface without brackets; `*` for all interfaces.
    public let host: String
    /// 0 where the kernel is to choose one (written `0` or `*`).
    public let port: UInt16
    /// Whether the host is an IPv6 number.
    public let isIPv6: Bool

    /// Whether this is `*`: every interface of the machine.
    public var isAnyHost: Bool { host == "*" }

    /// The canonical text: brackets where needed, the port as a number.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension HostPort {
    /// What is wrong with a text, as the end of a sentence.
    struct Fault: Error {
        let reason: String
    }

    /// Parses `host:port`.
    ///
    /// The characters allowed in a host are libzmq's (a name with a space in it is refused here and
    /// not by a name server seconds later). As there, an IPv6 number may do without its brackets: what
    /// stands behind the last colon is the port.
    init(parsing text: some StringProtocol) throws(Fault) {
        let utf8 = Array(text.utf8)
        guard let colon = utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw Fault(reason: "a port is missing (host:port)")
        }
        let hostBytes = utf8[..<colon]
        let portBytes = utf8[(colon + 1)...]
        if hostBytes.first == UInt8(ascii: "[") {
            guard hostBytes.last == UInt8(ascii: "]"), hostBytes.count > 2 else {
                throw Fault(reason: "an IPv6 address must be written [address]:port")
            }
            host = String(decoding: hostBytes.dropFirst().dropLast(), as: UTF8.self)
            isIPv6 = true
            guard Self.isIPv6Number(host) else {
                throw Fault(reason: "the text in brackets is not an IPv6 address")
            }
        } else if hostBytes.contains(UInt8(ascii: ":")) {
            host = String(decoding: hostBytes, as: UTF8.self)
            isIPv6 = true
            guard Self.isIPv6Number(host) else {
                throw Fault(reason: "an IPv6 address must be written [address]:port")
            }
        } else {
            host = try Self.plainHost(hostBytes)
            isIPv6 = false
        }
        port = try Self.parsePort(portBytes)
    }

    private static func plainHost(_ bytes: ArraySlice<UInt8>) throws(Fault) -> String {
        if bytes.isEmpty { throw Fault(reason: "the host is missing (write * for all interfaces)") }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "*" { return text }
        guard bytes.allSatisfy(isNameByte) else {
            throw Fault(reason: "the host has a character that no host name or number has")
        }
        // RFC 1035, section 2.3.4: 255 octets on the wire, 253 characters in text.
        guard bytes.count <= 253 else {
            throw Fault(reason: "the host name is longer than 253 characters")
        }
        return text
    }

    private static func parsePort(_ bytes: ArraySlice<UInt8>) throws(Fault) -> UInt16 {
        if bytes.isEmpty { throw Fault(reason: "a port is missing (host:port)") }
        if bytes.elementsEqual([UInt8(ascii: "*")]) { return 0 }
        guard bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(String(decoding: bytes, as: UTF8.self))
        else {
            throw Fault(reason: "the port is not a number from 0 to 65535, nor *")
        }
        return port
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    // A zone (RFC 4007, section 11) follows a percent sign: an interface name or number.
    private static func isIPv6Number(_ text: String) -> Bool {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[1].isEmpty || !parts[1].utf8.allSatisfy(isNameByte) {
            return false
        }
        return AddressBytes.ipv6(String(parts[0])) != nil
    }
}

extension HostPort {
    /// The 4 or 16 bytes of the host's number, in network order and without its zone; nil for a name.
    public var addressBytes: [UInt8]? {
        isIPv6
            ? AddressBytes.ipv6(String(host.prefix { $0 != "%" })) : AddressBytes.ipv4(host)
    }
}
