import Glibc
import MCCodec
import MCFacade
import MCTensorFiles
import MCommSupport

/// Where received tensors go: into files, and through the comparison with what was expected.
struct TensorStore {
    private let folder: String?
    private var expected: [String: TensorSource.Item] = [:]
    private var usedNames: Set<String> = []
    private var differences: [String] = []
    /// Tensors so far.
    private(set) var count = 0

    init(folder: String?, expected source: TensorSource) throws {
        self.folder = folder
        for item in source.items { expected[item.stored.name] = item }
        guard let folder else { return }
        // Safe because the path is passed as a C string that lives for the call.
        guard unsafe mkdir(folder, 0o777) == 0 || errno == EEXIST else {
            throw TensorFileError(
                .cannotWrite,
                unsafe "no such folder, and it cannot be made: "
                    + String(cString: strerror(errno)), path: folder)
        }
    }

    /// Takes a tensor in; returns a line about it.
    mutating func add(_ tensor: consuming TensorMessage) throws -> String {
        count += 1
        let descriptor = tensor.header.descriptor
        let name = tensor.name ?? "tensor-\(count)"
        compare(name, descriptor, tensor.payload)
        var line = "\(name)\t\(descriptor)\t\(descriptor.byteCount) B"
        guard let folder else { return line }
        let stored = StoredTensor(
            name: name, dtype: descriptor.dtype, shape: descriptor.shape,
            layout: descriptor.layout, byteOrder: descriptor.byteOrder)
        guard let format = TensorFile.format(for: stored) else {
            throw TensorFileError(
                .notExpressible, "neither .npy nor .safetensors can hold '\(name)', \(descriptor)")
        }
        let path = "\(folder)/\(fileName(name)).\(format.rawValue)"
        try TensorFile.write(stored, payload: tensor.payload.bytes, path: path)
        try Self.readBack(stored, tensor.payload, path)
        line += "\t\(path)"
        return line
    }

    /// Throws `Mismatch` if anything that was expected differed or did not come.
    func finish() throws {
        let missing = expected.keys.sorted().map { "'\($0)' did not come" }
        let all = differences + missing
        guard let first = all.first else { return }
        throw Mismatch(all.count == 1 ? first : "\(first), and \(all.count - 1) more differences")
    }

    private mutating func compare(
        _ name: String, _ descriptor: TensorDescriptor, _ payload: borrowing Frame
    ) {
        guard !expected.isEmpty || !differences.isEmpty else { return }
        guard let item = expected.removeValue(forKey: name) else {
            differences.append("'\(name)' was not expected, or came twice")
            return
        }
        if item.descriptor != descriptor {
            differences.append("'\(name)' is \(descriptor), expected \(item.descriptor)")
        } else if !item.payload().contentEquals(payload) {
            differences.append("the payload of '\(name)' differs")
        }
    }

    private static func readBack(
        _ stored: StoredTensor, _ payload: borrowing Frame, _ path: String
    ) throws {
        let file = try TensorFile(path: path)
        guard let read = file.tensors.first, read.dtype == stored.dtype, read.shape == stored.shape,
            file.withPayload(of: read, { digest(of: $0) }) == digest(of: payload.bytes)
        else { throw Mismatch("\(path): what was written reads back differently") }
    }

    private static func digest(of bytes: RawSpan) -> UInt64 {
        var digest = Digest()
        digest.combine(bytes)
        return digest.value
    }

    /// A name from the wire as a file's name: no folders, nothing hidden, no file twice in one run.
    private mutating func fileName(_ name: String) -> String {
        let safe = String(
            name.map {
                $0.isASCII && ($0.isLetter || $0.isNumber) || "._-[]".contains($0) ? $0 : "_"
            }.prefix(100))
        let visible = safe.isEmpty || safe.hasPrefix(".") ? "_" + safe : safe
        var candidate = visible
        var copy = 2
        while !usedNames.insert(candidate).inserted {
            candidate = "\(visible)-\(copy)"
            copy += 1
        }
        return candidate
    }
}
