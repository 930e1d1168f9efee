import MCCodec
import MCFacade
import MCTensorFiles

/// The tensors of the files that are sent; all are checked before the first leaves.
struct TensorSource: Sendable {
    /// One tensor, and the file that its payload lies in.
    struct Item: Sendable {
        let file: TensorFile
        let stored: StoredTensor
        let descriptor: TensorDescriptor

        /// The payload: a copy of small ones, large ones as they lie in the mapped file.
        func payload() -> Frame {
            file.withPayload(of: stored) { span in
                guard span.byteCount >= 64 << 10 else { return Frame(span) }
                return unsafe span.withUnsafeBytes { bytes in
                    // Safe because the closure keeps the file, and with it the mapping.
                    unsafe Frame(
                        adopting: bytes, release: { [file] in withExtendedLifetime(file) {} })
                }
            }
        }

        /// The payload's CRC-32C.
        func checksum() -> UInt32 {
            file.withPayload(of: stored) { CRC32C.checksum(of: $0) }
        }
    }

    private(set) var items: [Item] = []

    /// Opens the files.
    ///
    /// - Parameter split: send each element along the first dimension as a tensor of its own.
    /// - Throws: what is wrong with a file, or with a tensor: more than four dimensions, for one.
    init(paths: [String], split: Bool) throws {
        for path in paths {
            let file = try TensorFile(path: path)
            for tensor in file.tensors {
                for stored in split ? try Self.split(tensor, path) : [tensor] {
                    do {
                        items.append(
                            Item(file: file, stored: stored, descriptor: try stored.descriptor()))
                    } catch {
                        throw TensorFileError(
                            .notExpressible, "'\(stored.name)': \(error.message)", path: path)
                    }
                }
            }
        }
    }

    /// Payload bytes of all tensors.
    var totalBytes: Int { items.reduce(0) { $0 + $1.descriptor.byteCount } }

    private static func split(
        _ tensor: StoredTensor, _ path: String
    ) throws(TensorFileError) -> [StoredTensor] {
        guard let count = tensor.shape.first, tensor.layout == .rowMajor || tensor.shape.count < 2
        else {
            throw TensorFileError(
                .notExpressible, "'\(tensor.name)' has no first dimension to split along",
                path: path)
        }
        let size = count == 0 ? 0 : tensor.byteRange.count / count
        return (0..<count).map { index in
            var part = tensor
            part.name = "\(tensor.name)[\(index)]"
            part.shape.removeFirst()
            let start = tensor.byteRange.lowerBound + index * size
            part.byteRange = start..<start + size
            return part
        }
    }
}
