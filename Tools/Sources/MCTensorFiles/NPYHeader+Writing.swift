import MCCodec

extension NPYHeader {
    /// Makes the header that `tensor` needs.
    ///
    /// - Throws: `notExpressible` for types that NumPy has no code for.
    init(for tensor: StoredTensor) throws(TensorFileError) {
        guard tensor.dtype.numPyTypeString() != nil else {
            throw TensorFileError(
                .notExpressible,
                ".npy has no code for \(tensor.dtype.name): write .safetensors")
        }
        self.dtype = tensor.dtype
        self.byteOrder = tensor.byteOrder
        self.layout = tensor.layout
        self.shape = tensor.shape
    }

    /// The header as NumPy itself writes it: version 1.0, padded so that the payload starts at a
    /// multiple of 64 bytes. A rank of 64 still fits in version 1.
    func encoded() -> [UInt8] {
        let descr = dtype.numPyTypeString(byteOrder: byteOrder) ?? ""
        let lengths = shape.map(String.init).joined(separator: ", ")
        let tuple = shape.count == 1 ? "(\(lengths),)" : "(\(lengths))"
        var text = Array("{'descr': '\(descr)', ".utf8)
        text += Array("'fortran_order': \(layout == .columnMajor ? "True" : "False"), ".utf8)
        text += Array("'shape': \(tuple), }".utf8)
        let prefix = Self.magic.count + 4
        let padding = (64 - (prefix + text.count + 1) % 64) % 64
        text += Array(repeating: 0x20, count: padding)
        text.append(0x0A)
        return Self.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }
}
