import MCCodec

extension SafetensorsHeader {
    /// The header for `tensors`, whose payloads follow one behind the other in the given order;
    /// padded with blanks so that the first payload starts at a multiple of eight bytes.
    ///
    /// - Throws: `notExpressible` for element types, byte orders and layouts that the format lacks,
    ///   `sizeMismatch` for shapes that no `Int` can count.
    static func encoded(_ tensors: [StoredTensor]) throws(TensorFileError) -> [UInt8] {
        var entries: [String] = []
        var start = 0
        for tensor in tensors {
            guard let type = tensor.dtype.safetensorsName else {
                throw TensorFileError(
                    .notExpressible, ".safetensors has no \(tensor.dtype.name)")
            }
            guard tensor.isLittleEndian, tensor.isRowMajor else {
                throw TensorFileError(
                    .notExpressible, ".safetensors knows little-endian, row-major tensors only")
            }
            guard let size = tensor.expectedByteCount else {
                throw TensorFileError(.sizeMismatch, "shape \(tensor.shape) is too large")
            }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(jsonText(tensor.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(start),\(start + size)]}")
            start += size
        }
        var text = Array("{\(entries.joined(separator: ","))}".utf8)
        text += Array(repeating: 0x20, count: (8 - text.count % 8) % 8)
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text
    }

    private static func jsonText(_ name: String) -> String {
        var text = "\""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
