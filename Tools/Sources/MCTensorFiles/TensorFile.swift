import MCCodec

/// The formats that are read and written.
public enum TensorFileFormat: String, Sendable, Hashable, CaseIterable {
    /// One array, NumPy's own format.
    case npy
    /// Any number of named tensors.
    case safetensors

    /// By the suffix of a path, nil for any other.
    public init?(path: String) {
        guard let dot = path.lastIndex(of: "."),
            let format = Self(rawValue: path[path.index(after: dot)...].lowercased())
        else { return nil }
        self = format
    }
}

/// A `.npy` or `.safetensors` file, open for reading.
///
/// The header is read and checked whole when the file is opened; payloads are read where they lie,
/// from a mapping if the file is large. A value may be shared by threads.
public struct TensorFile: Sendable {
    /// The file's format, by its suffix.
    public let format: TensorFileFormat
    /// The tensors, in the order of their payloads.
    public let tensors: [StoredTensor]
    /// What a safetensors file says about itself; empty for `.npy`.
    public let metadata: [String: String]

    private let contents: FileContents

    /// Opens a file and checks its header.
    ///
    /// - Throws: `unknownFormat` for another suffix, else what is wrong with the file.
    public init(path: String) throws(TensorFileError) {
        guard let format = TensorFileFormat(path: path) else {
            throw TensorFileError(
                .unknownFormat, "the name ends neither in .npy nor in .safetensors", path: path)
        }
        let stem = path.split(separator: "/").last.map { $0.dropLast(format.rawValue.count + 1) }
        do throws(TensorFileError) {
            try self.init(
                contents: FileContents(path: path), format: format,
                name: stem.map(String.init) ?? "")
        } catch {
            var located = error
            located.path = path
            throw located
        }
    }

    /// Reads a file that is in memory already; `name` is what a `.npy` tensor will be called.
    public init(
        bytes: [UInt8], format: TensorFileFormat, name: String = "tensor"
    ) throws(TensorFileError) {
        try self.init(contents: FileContents(bytes: bytes), format: format, name: name)
    }

    private init(
        contents: FileContents, format: TensorFileFormat, name: String
    ) throws(TensorFileError) {
        self.format = format
        self.contents = contents
        switch format {
        case .npy:
            self.tensors = [try Self.readNPY(contents.bytes, name: name)]
            self.metadata = [:]
        case .safetensors:
            let header = try SafetensorsHeader.read(contents.bytes)
            self.tensors = header.tensors
            self.metadata = header.metadata
        }
    }

    private static func readNPY(
        _ file: RawSpan, name: String
    ) throws(TensorFileError) -> StoredTensor {
        let (header, start) = try NPYHeader.read(file)
        guard
            let size = StoredTensor.byteCount(
                shape: header.shape, dtype: header.dtype)
        else { throw TensorFileError(.sizeMismatch, "shape \(header.shape) is too large") }
        let found = file.byteCount - start
        guard found >= size else {
            throw TensorFileError(
                .truncated, "\(found) bytes of payload, the header announces \(size)")
        }
        guard found == size else {
            throw TensorFileError(.sizeMismatch, "\(found - size) bytes behind the array")
        }
        return StoredTensor(
            name: name, dtype: header.dtype, shape: header.shape,
            layout: header.layout, byteOrder: header.byteOrder,
            byteRange: start..<start + size)
    }

    /// Lends the payload of one of this file's tensors to `body`; no copy is made.
    public func withPayload<Result: ~Copyable, Failure: Error>(
        of tensor: StoredTensor, _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(contents.bytes.extracting(tensor.byteRange))
    }
}
