/// The properties that a peer sends about its connection, in order (RFC 37, "The NULL Security
/// Mechanism"). Names are case-insensitive and each stands once.
///
/// On the wire a property is its name with an octet of length in front, and its value with four:
/// at least six bytes, so that memory is bounded by what has arrived.
public struct Metadata: Hashable, Sendable {
    /// A name and the value that goes with it.
    public struct Property: Hashable, Sendable {
        /// As it was written: 1 to 255 of A to Z, a to z, 0 to 9, `-`, `_`, `.` and `+`.
        public let name: String
        /// Opaque bytes.
        public let value: [UInt8]
    }

    /// All properties, in the order in which they were written.
    public private(set) var properties: [Property] = []

    /// No properties.
    public init() {}

    /// The value of the property `name`, in whatever case it is written, or nil.
    ///
    /// - Complexity: O(n), *n* being the number of properties.
    public subscript(name: String) -> [UInt8]? {
        properties.first { Self.isSame($0.name, name) }?.value
    }

    /// Adds a property at the end. Throws `malformedMetadata` when the name is not one or is
    /// there already, and `valueTooLong` for a value of 2^31 bytes or more.
    public mutating func append(_ name: String, _ value: [UInt8]) throws(CodecError) {
        try Self.check(name: Array(name.utf8))
        guard self[name] == nil else { throw Self.twice(name) }
        guard value.count <= Int(Int32.max) else {
            throw CodecError(.valueTooLong, "the value of \(name) has \(value.count) bytes")
        }
        properties.append(Property(name: name, value: value))
    }

    /// The number of bytes that ``encode(into:)`` appends.
    public var encodedByteCount: Int {
        properties.reduce(0) { $0 + 5 + $1.name.utf8.count + $1.value.count }
    }

    /// Appends the properties as they stand on the wire.
    public func encode(into output: inout [UInt8]) {
        for property in properties {
            output.append(UInt8(truncatingIfNeeded: property.name.utf8.count))
            output += property.name.utf8
            output.append(bigEndian: UInt32(truncatingIfNeeded: property.value.count))
            output += property.value
        }
    }

    /// Reads properties up to the end of `bytes`. Throws `malformedMetadata` when a name is
    /// not one, stands twice, or when the bytes end in the middle of a property.
    public init(decoding bytes: RawSpan) throws(CodecError) {
        var reader = ByteReader(bytes)
        var names: Set<[UInt8]> = []
        while let length = reader.octet() {
            guard let name = reader.take(Int(length)), let size = reader.bigEndian(UInt32.self)
            else {
                throw CodecError(.malformedMetadata, "metadata ends in the middle of a property")
            }
            try Self.check(name: name)
            guard size <= UInt32(Int32.max), let value = reader.take(Int(size)) else {
                throw CodecError(
                    .malformedMetadata, "a property's value of \(size) bytes is not there")
            }
            let text = String(decoding: name, as: UTF8.self)
            guard names.insert(name.map(\.lowercased)).inserted else { throw Self.twice(text) }
            properties.append(Property(name: text, value: value))
        }
    }

    private static func check(name: [UInt8]) throws(CodecError) {
        guard (1...255).contains(name.count) else {
            throw CodecError(.malformedMetadata, "a property's name has \(name.count) bytes")
        }
        guard name.allSatisfy({ $0.isLetter || $0.isDigit || $0.isNameMark }) else {
            throw CodecError(
                .malformedMetadata, "a property's name has characters that are not allowed")
        }
    }

    private static func twice(_ name: String) -> CodecError {
        CodecError(.malformedMetadata, "the property \(name) stands twice")
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8) { $0.lowercased == $1.lowercased }
    }
}

extension Metadata: CustomStringConvertible {
    public var description: String {
        let all = properties.map { "\($0.name)=\(printable($0.value))" }
        return "[" + all.joined(separator: ", ") + "]"
    }
}

/// Bytes from outside as text for messages and logs: what is not printable ASCII becomes `?`.
func printable(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.map { (0x20...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
}
