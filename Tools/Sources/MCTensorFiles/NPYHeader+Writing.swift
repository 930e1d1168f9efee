extension NPYHeader {
    /// Makes the header that `tensor` needs.
    ///
    /// - Throws: `notExpressible` for types that NumPy has no code for.
    init(for tensor: StoredTensor) throws(TensorFileError) {
        guard tensor.elementType.numpyCode != nil else {
            throw TensorFileError(
                .notExpressible,
                ".npy has no code for \(tensor.elementType.rawValue): write .safetensors")
        }
        self.elementType = tensor.elementType
        self.isBigEndian = tensor.isBigEndian
        self.isColumnMajor = tensor.isColumnMajor
        self.shape = tensor.shape
    }

    /// The header as NumPy itself writes it: version 1.0, padded so that the payload starts at a
    /// multiple of 64 bytes. A rank of 64 still fits in version 1.
    func encoded() -> [UInt8] {
        let order = elementType.byteCount == 1 ? "|" : isBigEndian ? ">" : "<"
        let lengths = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(lengths),)" : "(\(lengths))"
        var text = Array(
            "{'descr': '\(order)\(elementType.numpyCode ?? "")', ".utf8)
        text += Array("'fortran_order': \(isColumnMajor ? "True" : "False"), ".utf8)
        text += Array("'shape': \(tuple), }".utf8)
        let prefix = Self.magic.count + 4
        let padding = (64 - (prefix + text.count + 1) % 64) % 64
        text += Array(repeating: 0x20, count: padding)
        text.append(0x0A)
        return Self.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }
}
