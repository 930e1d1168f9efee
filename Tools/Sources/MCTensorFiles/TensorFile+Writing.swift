import MCCodec

extension TensorFile {
    /// Writes one tensor as a file of its own, in the format that the path's suffix names. The file
    /// appears when it is complete; an older one is replaced.
    ///
    /// - Throws: `sizeMismatch` where the payload is not what shape and type need,
    ///   `notExpressible` where the format cannot say what the tensor is, `cannotWrite`.
    public static func write(
        _ tensor: StoredTensor, payload: RawSpan, path: String
    ) throws(TensorFileError) {
        guard let format = TensorFileFormat(path: path) else {
            throw TensorFileError(
                .unknownFormat, "the name ends neither in .npy nor in .safetensors", path: path)
        }
        guard tensor.expectedByteCount == payload.byteCount else {
            throw TensorFileError(
                .sizeMismatch,
                "\(payload.byteCount) bytes of payload do not fit shape \(tensor.shape) of "
                    + tensor.dtype.name, path: path)
        }
        let header =
            switch format {
            case .npy: try NPYHeader(for: tensor).encoded()
            case .safetensors: try SafetensorsHeader.encoded([tensor])
            }
        var file = try AtomicFile(path: path)
        try unsafe file.write(header.span.bytes)
        try file.write(payload)
        try file.commit()
    }

    /// The format that can say what `tensor` is: `.npy` where NumPy has the type, else
    /// `.safetensors`; nil where neither has.
    public static func format(for tensor: StoredTensor) -> TensorFileFormat? {
        if tensor.dtype.numPyTypeString() != nil { return .npy }
        let isPlain = tensor.isLittleEndian && tensor.isRowMajor
        return isPlain && tensor.dtype.safetensorsName != nil ? .safetensors : nil
    }
}
