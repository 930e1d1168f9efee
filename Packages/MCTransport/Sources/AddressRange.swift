/// IP addresses that begin with the same bits: `10.0.0.0/8`, `fe80::/10`, or a single one (RFC 4632,
/// section 3.1).
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    /// The text that it was made from.
    public let description: String
    private let address: [UInt8]
    private let bits: Int

    /// Parses `address` or `address/bits`. Bits of the address behind those that count do not matter.
    /// - Throws: ``TransportError/Code/invalidAddressRange``.
    public init(_ text: String) throws(TransportError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let number = parts.first.map(String.init) ?? ""
        guard let address = AddressBytes.ipv4(number) ?? AddressBytes.ipv6(number) else {
            throw Self.invalid(text, "no IPv4 or IPv6 number stands before the mask")
        }
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let bits = Int(parts[1]), bits <= 8 * address.count
            else {
                throw Self.invalid(
                    text, "the mask is not a number of bits from 0 to \(8 * address.count)")
            }
            self.bits = bits
        } else {
            bits = 8 * address.count
        }
        self.address = address
        description = text
    }

    private static func invalid(_ text: String, _ reason: String) -> TransportError {
        TransportError(
            .invalidAddressRange,
            "\(text.debugDescription) is not a range of addresses: \(reason)")
    }

    /// Whether an address lies in the range. An IPv4 address that an IPv6 socket sees is taken for
    /// what it is.
    ///
    /// - Parameter other: 4 or 16 bytes, in network order.
    public func contains(_ other: [UInt8]) -> Bool {
        let other = address.count == 4 ? AddressBytes.mappedIPv4(other) ?? other : other
        guard other.count == address.count else { return false }
        let whole = bits / 8
        guard address[..<whole] == other[..<whole] else { return false }
        let rest = bits % 8
        return rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0
    }
}
