public import MCCodec
public import MCMemory

extension Message {
    /// A tensor message: the header frame (`TensorHeader`) and the payload frame. The payload is
    /// shared, not copied.
    ///
    /// - Parameters:
    ///   - tensor: what the payload is.
    ///   - payload: the elements, as many bytes as the descriptor says.
    ///   - checksum: whether the header carries the payload's CRC-32C.
    ///   - topic: a frame in front, for publishing under a topic; nil for none.
    /// - Throws: `payloadLengthMismatch` when the payload is not the one described.
    public init(
        tensor: TensorDescriptor, payload: consuming Frame, checksum: Bool = false,
        topic: String? = nil
    ) throws(CodecError) {
        try tensor.check(payloadByteCount: payload.count)
        let sum = checksum ? CRC32C.checksum(of: payload.bytes) : nil
        self.init()
        if let topic { append(Frame(topic)) }
        append(Frame(TensorHeader(tensor, checksum: sum).encoded()))
        append(payload)
    }

    /// The tensor in the message's last two frames, of which the first is a `TensorHeader` or the
    /// JSON header of pyzmq's `send_array` recipe. The payload is shared, not copied.
    ///
    /// - Throws: when the frames are none, are not as long as they say, or the checksum, if there
    ///   is one, is not the payload's.
    public borrowing func tensor() throws(CodecError) -> ReceivedTensor {
        guard count >= 2 else {
            throw CodecError(
                .malformedTensorHeader,
                "a tensor is a header frame and a payload frame, the message has \(count)")
        }
        let header = try withFrame(count - 2) { frame throws(CodecError) in
            try TensorHeader(decoding: frame.bytes)
        }
        try withFrame(count - 1) { frame throws(CodecError) in
            try header.check(payload: frame.bytes)
        }
        return ReceivedTensor(
            descriptor: header.descriptor, payload: withFrame(count - 1) { $0.copy() })
    }
}

/// A tensor as it arrived: what it is, and its elements where the network put them.
public struct ReceivedTensor: ~Copyable, Sendable {
    /// Type, shape, layout and byte order.
    public let descriptor: TensorDescriptor
    /// The elements' bytes, as many as the descriptor says.
    public let payload: Frame

    /// The elements' bytes, as long as the tensor is borrowed.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get { payload.bytes }
    }
}
