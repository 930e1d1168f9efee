import MCCodec
import MCFacade
import MCTestSupport
import Testing

/// Tensors to and from NumPy.
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct TensorTests {
    /// An array as NumPy names its type, and what it is for us.
    struct Sample: Sendable, CustomTestStringConvertible {
        let numPy: String
        let dtype: DType
        var order = ByteOrder.little
        let shape: [Int]

        var testDescription: String { "\(numPy) \(shape)" }
    }

    static let samples: [Sample] = [
        Sample(numPy: "float32", dtype: .float32, shape: [2, 3]),
        Sample(numPy: "float64", dtype: .float64, shape: [4]),
        Sample(numPy: "float16", dtype: .float16, shape: [1, 2, 3]),
        Sample(numPy: "bool", dtype: .bool, shape: [2]),
        Sample(numPy: "uint8", dtype: .uint8, shape: [3, 5, 7, 2]),
        Sample(numPy: "int8", dtype: .int8, shape: [1]),
        Sample(numPy: "uint16", dtype: .uint16, shape: [10]),
        Sample(numPy: "int16", dtype: .int16, shape: [2, 2]),
        Sample(numPy: "uint32", dtype: .uint32, shape: [2, 2]),
        Sample(numPy: "int32", dtype: .int32, shape: [300, 400]),
        Sample(numPy: "uint64", dtype: .uint64, shape: [1, 1, 1, 1]),
        Sample(numPy: "int64", dtype: .int64, shape: [0, 4]),
        Sample(numPy: "complex64", dtype: .complex64, shape: [3]),
        Sample(numPy: "complex128", dtype: .complex128, shape: [3, 1]),
        Sample(numPy: ">f4", dtype: .float32, order: .big, shape: [2, 3]),
        Sample(numPy: ">i8", dtype: .int64, order: .big, shape: [5]),
    ]

    /// The recipe `send_array` of pyzmq's documentation.
    @Test(arguments: samples, Setting.Transport.allCases)
    func numPyArrayArrives(sample: Sample, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pull = try PullSocket(options: .bounded())
        defer { pull.close() }
        try peer.ask("open", "s", "PUSH")
        try peer.ask("connect", "s", try pull.bind(folder.endpoint(transport)))
        let shape = sample.shape.map(String.init)
        let bytes = try peer.ask(["sendarray", "s", sample.numPy] + shape).first ?? ""
        let message = try pull.receive()
        let tensor = try message.tensor()
        #expect(tensor.descriptor.dtype == sample.dtype)
        #expect(tensor.descriptor.shape == sample.shape)
        #expect(tensor.descriptor.layout == .rowMajor)
        #expect(tensor.descriptor.byteOrder == sample.order)
        #expect(tensor.payload.array == Payload.bytes("x" + bytes))
    }

    @Test func fiveDimensionsAreRefused() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pull = try PullSocket(options: .bounded())
        defer { pull.close() }
        try peer.ask("open", "s", "PUSH")
        try peer.ask("connect", "s", try pull.bind(folder.endpoint(.tcp)))
        try peer.ask("sendarray", "s", "uint8", "1", "1", "1", "1", "1")
        try refuse(.rankTooHigh, pull)
        try peer.ask("sendarray", "s", "S3", "2")
        try refuse(.unknownDataType, pull)
        // A wrong tensor is a good message: the next one comes.
        try peer.ask("sendarray", "s", "uint8", "2")
        let message = try pull.receive()
        #expect(try message.tensor().descriptor.shape == [2])
    }

    private func refuse(_ code: CodecError.Code, _ pull: PullSocket) throws {
        let message = try pull.receive()
        do throws(CodecError) {
            _ = try message.tensor()
            Issue.record("not refused")
        } catch {
            #expect(error.code == code, "\(error)")
        }
    }

    // MARK: - Ours, read in Python

    struct Ours: Sendable, CustomTestStringConvertible {
        let dtype: DType
        /// As `dtype.str` has it.
        let numPy: String
        let shape: [Int]
        var layout = TensorLayout.rowMajor
        var order = ByteOrder.little

        var testDescription: String { "\(numPy) \(shape) \(layout)" }
    }

    static let ours: [Ours] = [
        Ours(dtype: .float32, numPy: "<f4", shape: [2, 3]),
        Ours(dtype: .float32, numPy: ">f4", shape: [2, 3], order: .big),
        Ours(dtype: .float64, numPy: "<f8", shape: [3, 2], layout: .columnMajor),
        Ours(dtype: .int64, numPy: "<i8", shape: [2, 1, 2, 1]),
        Ours(dtype: .int64, numPy: ">i8", shape: [2, 2], layout: .columnMajor, order: .big),
        Ours(dtype: .uint8, numPy: "|u1", shape: [0, 7]),
        Ours(dtype: .uint8, numPy: "|u1", shape: []),
        Ours(dtype: .uint8, numPy: "|u1", shape: [2, 3, 4]),
    ]

    /// The function that the documentation shows reads what we send.
    @Test(arguments: ours, [false, true])
    func pythonReadsOurs(sample: Ours, checksum: Bool) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let push = try PushSocket(options: .bounded())
        defer { push.close() }
        try peer.ask("open", "s", "PULL")
        try peer.ask("connect", "s", try push.bind(folder.endpoint(.tcp)))
        let tensor = try TensorDescriptor(
            dtype: sample.dtype, shape: sample.shape, layout: sample.layout,
            byteOrder: sample.order)
        // Elements in memory are 0, 1, 2…
        let payload = (0..<tensor.elementCount).flatMap { sample.element($0) }
        try push.send(Message(tensor: tensor, payload: Frame(payload), checksum: checksum))
        let page = Checkout.path("Packages/MCCodec/Sources/MCCodec.docc/TensorHeader.md")
        let words = try peer.ask("recvarray", "s", page)
        let shape = sample.shape.map(String.init).joined(separator: "x")
        #expect(words.first == sample.numPy)
        #expect(words[1] == (shape.isEmpty ? "scalar" : shape))
        #expect(words.dropFirst(2).compactMap { Double($0) } == sample.inRowOrder)
    }
}

extension TensorTests.Ours {
    /// The bytes of a small number.
    func element(_ number: Int) -> [UInt8] {
        var bytes: [UInt8]
        switch dtype {
        case .float32: bytes = bytesOf(Float(number).bitPattern, 4)
        case .float64: bytes = bytesOf(Double(number).bitPattern, 8)
        default: bytes = bytesOf(number, dtype.itemSize)
        }
        if order == .big { bytes.reverse() }
        return bytes
    }

    private func bytesOf(_ value: some FixedWidthInteger, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// The elements as NumPy's `ravel` walks them: the last index fastest.
    var inRowOrder: [Double] {
        let count = shape.reduce(1, *)
        guard layout == .columnMajor else { return (0..<count).map(Double.init) }
        return (0..<count).map { position in
            var rest = position
            var offset = 0
            for axis in shape.indices.reversed() {
                offset += rest % shape[axis] * shape[..<axis].reduce(1, *)
                rest /= shape[axis]
            }
            return Double(offset)
        }
    }
}
