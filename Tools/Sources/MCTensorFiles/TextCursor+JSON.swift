// JSON (RFC 8259), read straight into what the caller wants: no tree is built, so the memory is
// bounded by the text.
extension TextCursor {
    /// Reads an object; `member` is called behind each key's colon and must consume the value.
    mutating func readObject(
        _ member: (inout TextCursor, String) throws(TensorFileError) -> Void
    ) throws(TensorFileError) {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try readJSONString()
            try expect(":")
            try member(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// Reads an array; `element` must consume one value.
    mutating func readArray(
        _ element: (inout TextCursor) throws(TensorFileError) -> Void
    ) throws(TensorFileError) {
        try expect("[")
        if skip("]") { return }
        repeat { try element(&self) } while skip(",")
        try expect("]")
    }

    /// Reads and forgets one value.
    mutating func skipValue(depth: Int = 0) throws(TensorFileError) {
        guard depth < Self.maximumDepth else {
            throw TensorFileError(.limitExceeded, "header nested deeper than \(Self.maximumDepth)")
        }
        skipSpace()
        guard let byte = current else { throw malformed("ends early") }
        switch Unicode.Scalar(byte) {
        case "{":
            try readObject { cursor, _ throws(TensorFileError) in
                try cursor.skipValue(depth: depth + 1)
            }
        case "[":
            try readArray { cursor throws(TensorFileError) in
                try cursor.skipValue(depth: depth + 1)
            }
        case "\"": _ = try readJSONString()
        case "-", "0"..."9": try skipNumber()
        default:
            guard skip(word: "true") || skip(word: "false") || skip(word: "null") else {
                throw malformed("a value expected")
            }
        }
    }

    private mutating func skipNumber() throws(TensorFileError) {
        var gathered: [UInt8] = []
        while let byte = current, "+-.0123456789Ee".utf8.contains(byte) {
            gathered.append(byte)
            advance()
        }
        guard Double(try text(gathered)) != nil else { throw malformed("a malformed number") }
    }

    mutating func readJSONString() throws(TensorFileError) -> String {
        try expect("\"")
        var gathered: [UInt8] = []
        while true {
            let byte = try next()
            switch Unicode.Scalar(byte) {
            case "\"": return try text(gathered)
            case "\\": try readEscape(into: &gathered)
            default:
                guard byte >= 0x20 else { throw malformed("a control character in a string") }
                gathered.append(byte)
            }
        }
    }

    private mutating func readEscape(into gathered: inout [UInt8]) throws(TensorFileError) {
        let byte = try next()
        switch Unicode.Scalar(byte) {
        case "\"", "\\", "/": gathered.append(byte)
        case "b": gathered.append(0x08)
        case "f": gathered.append(0x0C)
        case "n": gathered.append(0x0A)
        case "r": gathered.append(0x0D)
        case "t": gathered.append(0x09)
        case "u": gathered += Array(String(try readEscapedScalar()).utf8)
        default: throw malformed("an unknown escape")
        }
    }

    /// Four hexadecimal digits, or two times four for what lies behind U+FFFF.
    private mutating func readEscapedScalar() throws(TensorFileError) -> Character {
        var value = try readHexQuad()
        if (0xD800..<0xDC00).contains(value) {
            guard try next() == UInt8(ascii: "\\"), try next() == UInt8(ascii: "u") else {
                throw malformed("half of a surrogate pair")
            }
            let low = try readHexQuad()
            guard (0xDC00..<0xE000).contains(low) else {
                throw malformed("half of a surrogate pair")
            }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw malformed("half of a surrogate pair")
        }
        return Character(scalar)
    }

    private mutating func readHexQuad() throws(TensorFileError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(try next())).hexDigitValue else {
                throw malformed("four hexadecimal digits expected")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
