/// The first 64 bytes that each side of a connection sends (RFC 37, "Formal Grammar").
///
/// | offset | length | content |
/// |---|---|---|
/// | 0 | 10 | signature: FF, eight bytes that mean nothing, 7F |
/// | 10 | 1 | version, major |
/// | 11 | 1 | version, minor |
/// | 12 | 20 | name of the security mechanism, padded with zeros |
/// | 32 | 1 | whether the sender is the server of the mechanism, 0 or 1 |
/// | 33 | 31 | zeros |
public struct Greeting: Hashable, Sendable {
    /// The length of every greeting, in bytes.
    public static var byteCount: Int { 64 }
    /// The longest name of a mechanism, in bytes.
    public static var maximumMechanismLength: Int { 20 }

    /// The version that the sender announces; see ``ZMTPVersion/negotiated``.
    public let version: ZMTPVersion
    /// `"NULL"`, `"PLAIN"`, `"CURVE"` or another.
    public let mechanism: String
    /// Whether the sender is the server of the security handshake. It means nothing with NULL,
    /// and libzmq always sends 0.
    public let asServer: Bool

    /// A greeting to send. Throws `invalidMechanismName` when the mechanism has no name of 1 to
    /// 20 bytes from A to Z, 0 to 9, `-`, `_`, `.` and `+`.
    public init(
        version: ZMTPVersion = .v3_1, mechanism: String, asServer: Bool = false
    ) throws(CodecError) {
        let name = mechanism.utf8
        guard !name.isEmpty, name.count <= Self.maximumMechanismLength,
            name.allSatisfy(Self.isMechanismOctet)
        else {
            throw CodecError(.invalidMechanismName, "no name of a mechanism: \"\(mechanism)\"")
        }
        self.version = version
        self.mechanism = mechanism
        self.asServer = asServer
    }

    /// The 64 bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        // The padding is what libzmq sends: a ZMTP 1.0 peer reads it as the length of an empty
        // identity and its flags. Later versions give it no meaning.
        bytes += [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
        bytes += [version.major, version.minor]
        bytes += mechanism.utf8
        bytes += repeatElement(0, count: Self.maximumMechanismLength - mechanism.utf8.count)
        bytes.append(asServer ? 1 : 0)
        bytes += repeatElement(0, count: Self.byteCount - bytes.count)
        return bytes
    }

    static func isMechanismOctet(_ octet: UInt8) -> Bool {
        (0x41...0x5a).contains(octet) || octet.isDigit || octet.isNameMark
    }
}
