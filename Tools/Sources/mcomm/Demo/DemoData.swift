import MCCodec
import MCFacade
import MCTensorFiles
import MCommSupport

/// The demo's tensors, with what each must be at the other end.
struct DemoData: Sendable {
    let source: TensorSource
    let fingerprints: [DemoFingerprint]

    init(paths: [String], split: Bool) throws {
        source = try TensorSource(paths: paths, split: split)
        guard !source.items.isEmpty else {
            throw TensorFileError(.sizeMismatch, "there is no tensor in \(paths)")
        }
        fingerprints = source.items.map { item in
            item.file.withPayload(of: item.stored) { bytes in
                DemoFingerprint(item.descriptor, payload: bytes)
            }
        }
    }

    /// A tensor's message; `corrupted` changes one byte of the payload, if there is one.
    func message(_ index: Int, kind: DemoStamp.Kind, corrupted: Bool = false) -> Message {
        let item = source.items[index]
        var payload = item.payload()
        if corrupted, payload.count > 0 {
            var bytes = payload.array
            bytes[bytes.count / 2] ^= 1
            payload = Frame(bytes)
        }
        let tensor = TensorMessage(
            name: nil, header: TensorHeader(item.descriptor), payload: payload)
        var message = tensor.encoded()
        let stamp = DemoStamp(kind: kind, index: index, nanoseconds: Clock.nanoseconds())
        message.prepend(stamp.frame())
        return message
    }
}
