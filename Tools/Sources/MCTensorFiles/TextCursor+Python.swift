// The part of Python's literal syntax that NumPy writes into a header, and nothing else.
extension TextCursor {
    /// A string in single or double quotes. NumPy's own names need no escapes: any is refused.
    mutating func readPythonString() throws(TensorFileError) -> String {
        skipSpace()
        let quote = try next()
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw malformed("a string expected")
        }
        var gathered: [UInt8] = []
        while true {
            let byte = try next()
            if byte == quote { return try text(gathered) }
            guard byte != UInt8(ascii: "\\"), byte >= 0x20 else {
                throw malformed("an escape or control character in a string")
            }
            gathered.append(byte)
        }
    }

    mutating func readPythonBool() throws(TensorFileError) -> Bool {
        if skip(word: "True") { return true }
        if skip(word: "False") { return false }
        throw malformed("True or False expected")
    }

    /// A tuple of counts: "()", "(3,)", "(3, 4)", "(3, 4,)"; Python 2's "3L" is read as well.
    mutating func readPythonShape() throws(TensorFileError) -> [Int] {
        try expect("(")
        var shape: [Int] = []
        while !skip(")") {
            guard shape.count < NPYHeader.maximumRank else {
                throw TensorFileError(
                    .limitExceeded, "more than \(NPYHeader.maximumRank) dimensions")
            }
            shape.append(try readCount())
            if current == UInt8(ascii: "L") { advance() }
            if skip(",") { continue }
            try expect(")")
            guard shape.count > 1 else { throw malformed("a tuple expected") }
            return shape
        }
        return shape
    }
}
