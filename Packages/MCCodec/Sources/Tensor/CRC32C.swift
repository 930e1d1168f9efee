/// The checksum of tensor payloads: CRC-32C (Castagnoli), as in iSCSI (RFC 3720, B.4), ext4 and
/// Python's `crc32c` and `google-crc32c`. It finds accidents, not attacks.
///
/// Slicing by eight, in software: eight table look-ups for eight bytes, no special instruction.
public struct CRC32C: Hashable, Sendable {
    private var register: UInt32 = ~0

    /// The checksum of nothing so far.
    public init() {}

    /// The checksum of everything that was given to ``update(_:)``.
    public var value: UInt32 { ~register }

    /// The checksum of `bytes`.
    public static func checksum(of bytes: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    /// Goes on with `bytes`.
    ///
    /// - Complexity: O(*n*).
    public mutating func update(_ bytes: RawSpan) {
        // Safe because both pointers are used within their closures, each load is below
        // `buffer.count`, and each index into the eight tables of 256 entries is below 2048.
        register = unsafe Self.tables.withUnsafeBufferPointer { tables in
            unsafe bytes.withUnsafeBytes { buffer in
                unsafe Self.advance(register, over: buffer, tables: tables)
            }
        }
    }

    private static func advance(
        _ register: UInt32, over buffer: UnsafeRawBufferPointer,
        tables: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
        var crc = register
        var offset = 0
        while buffer.count - offset >= 8 {
            let word = unsafe UInt64(
                littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let mixed = word ^ UInt64(crc)
            crc = 0
            for index in 0..<8 {
                let octet = Int(truncatingIfNeeded: mixed >> UInt64(index * 8)) & 0xff
                crc ^= unsafe tables[(7 - index) * 256 + octet]
            }
            offset += 8
        }
        while offset < buffer.count {
            let octet = unsafe buffer[offset]
            crc = unsafe crc >> 8 ^ tables[Int((crc ^ UInt32(octet)) & 0xff)]
            offset += 1
        }
        return crc
    }

    /// Table *k* has at *b* the register after octet *b* and *k* zeros. 8 KiB, built once.
    private static let tables: [UInt32] = {
        let polynomial: UInt32 = 0x82f6_3b78  // 0x1EDC6F41 with its bits in reverse
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for octet in 0..<256 {
            var crc = UInt32(octet)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ polynomial }
            tables[octet] = crc
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
        }
        return tables
    }()
}
