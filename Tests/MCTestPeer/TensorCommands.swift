import Glibc
import MCFacade
import MCTestSupport

/// `send-tensor ENDPOINT bytes=N` and `receive-tensor ENDPOINT bytes=N`: one large tensor from one
/// process to another, with each one's memory before and at its peak.
enum TensorCommands {
    /// The tensor's bytes repeat with this period, which divides no power of two.
    private static let period = 1_000_003

    private static func pattern() -> [UInt8] {
        (0..<period).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    static func send(_ arguments: Arguments) throws {
        let endpoint = try arguments.word(0, "ENDPOINT")
        let bytes = try arguments.number("bytes", default: 1 << 30)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4096)
        guard let base = memory.baseAddress else { return }
        let pattern = pattern()
        var offset = 0
        while offset < bytes {
            let count = min(period, bytes - offset)
            pattern.withUnsafeBytes {
                guard let source = $0.baseAddress else { return }
                memcpy(base + offset, source, count)
            }
            offset += count
        }
        say("before \(ProcessUsage.line)")
        let push = try PushSocket(options: try arguments.socketOptions())
        try push.connect(endpoint)
        // Safe because the memory is given back only when the frame is let go.
        let address = UInt(bitPattern: base)
        let frame = Frame(adopting: UnsafeRawBufferPointer(memory)) {
            free(UnsafeMutableRawPointer(bitPattern: address))
        }
        let tensor = try TensorDescriptor(dtype: .uint8, shape: [bytes])
        try push.send(try Message(tensor: tensor, payload: frame))
        push.close()
        Context.shared.close()
        say("after \(ProcessUsage.line)")
    }

    static func receive(_ arguments: Arguments) throws {
        let bytes = try arguments.number("bytes", default: 1 << 30)
        let pull = try PullSocket(options: try arguments.socketOptions())
        try pull.bind(try arguments.word(0, "ENDPOINT"))
        say("bound \(pull.lastEndpoint)")
        let message = try pull.receive()
        let tensor = try message.tensor()
        let isRight = tensor.descriptor.shape == [bytes] && hasPattern(tensor.payload)
        say("received right=\(isRight) \(ProcessUsage.line)")
    }

    private static func hasPattern(_ payload: borrowing Frame) -> Bool {
        let pattern = pattern()
        return payload.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            var offset = 0
            while offset < bytes.count {
                let count = min(period, bytes.count - offset)
                let isSame = pattern.withUnsafeBytes {
                    $0.baseAddress.map { memcmp($0, base + offset, count) == 0 } ?? false
                }
                guard isSame else { return false }
                offset += count
            }
            return true
        }
    }
}
