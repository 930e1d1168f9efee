/// Walks over the text of a header, byte by byte, and never past its end. What NumPy's Python
/// literals and safetensors' JSON have in common; each adds its own words in an extension.
struct TextCursor {
    private let bytes: [UInt8]
    private(set) var position = 0

    /// Nesting deeper than this is refused, so that a header cannot exhaust the stack.
    static let maximumDepth = 16

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The byte at the cursor, nil at the end.
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func advance() {
        if position < bytes.count { position += 1 }
    }

    mutating func next() throws(TensorFileError) -> UInt8 {
        guard position < bytes.count else { throw malformed("ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    /// Skips blanks, then the byte if it stands there; tells whether it did.
    mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let current, UInt32(current) == byte.value else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: Unicode.Scalar) throws(TensorFileError) {
        guard skip(byte) else { throw malformed("'\(byte)' expected") }
    }

    /// Skips blanks, then the word if it stands there; tells whether it did.
    mutating func skip(word: StaticString) -> Bool {
        skipSpace()
        let text = word.description.utf8
        guard bytes.count - position >= text.count,
            bytes[position..<position + text.count].elementsEqual(text)
        else { return false }
        position += text.count
        return true
    }

    /// A decimal number without sign, 0 to `Int.max`.
    mutating func readCount() throws(TensorFileError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let byte = current, (0x30...0x39).contains(byte) {
            let (scaled, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = scaled.addingReportingOverflow(Int(byte - 0x30))
            if overflowed || carried { throw malformed("a number above \(Int.max)") }
            value = sum
            position += 1
        }
        guard position > start else { throw malformed("a number expected") }
        return value
    }

    /// The text gathered so far by a string reader, checked to be UTF-8.
    func text(_ gathered: [UInt8]) throws(TensorFileError) -> String {
        guard let text = String(validating: gathered, as: UTF8.self) else {
            throw malformed("a string that is not UTF-8")
        }
        return text
    }

    func malformed(_ what: String) -> TensorFileError {
        TensorFileError(.malformedHeader, "header, byte \(position): \(what)")
    }
}
