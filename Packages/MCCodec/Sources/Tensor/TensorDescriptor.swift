/// What a payload of bytes is, as a tensor: element type, shape, and the two orders.
///
/// A value of this type always makes sense: at most four dimensions, none negative, and a size
/// in bytes that fits an `Int`. A dimension may be 0, and then the payload is empty.
public struct TensorDescriptor: Hashable, Sendable {
    /// The most dimensions that a tensor may have.
    public static var maximumRank: Int { 4 }

    /// The type of the elements.
    public let dtype: DType
    /// The length of each dimension, outermost first; empty for a single number.
    public let shape: [Int]
    /// Which index runs fastest.
    public let layout: TensorLayout
    /// The order of the bytes in each number.
    public let byteOrder: ByteOrder
    /// The number of elements: the product of the dimensions, 1 when there are none.
    public let elementCount: Int
    /// The length of the payload, in bytes.
    public let byteCount: Int

    /// Throws `rankTooHigh` for more than four dimensions, `invalidDimension` for a negative
    /// one, and `sizeOverflow` when shape times item size does not fit an `Int`.
    public init(
        dtype: DType, shape: [Int], layout: TensorLayout = .rowMajor,
        byteOrder: ByteOrder = .little
    ) throws(CodecError) {
        guard shape.count <= Self.maximumRank else {
            throw CodecError(
                .rankTooHigh,
                "a tensor of \(shape.count) dimensions; at most \(Self.maximumRank) are supported")
        }
        for dimension in shape where dimension < 0 {
            throw CodecError(.invalidDimension, "a dimension of the tensor is \(dimension)")
        }
        // A 0 makes the tensor empty whatever stands beside it, even what would overflow.
        guard let bytes = shape.contains(0) ? 0 : Self.product(shape + [dtype.itemSize]) else {
            throw CodecError(
                .sizeOverflow, "a tensor of shape \(shape) and \(dtype.name) is too large")
        }
        self.dtype = dtype
        self.shape = shape
        self.layout = layout
        self.byteOrder = byteOrder
        byteCount = bytes
        elementCount = bytes / dtype.itemSize
    }

    /// The number of dimensions, 0 to 4.
    public var rank: Int { shape.count }

    /// Throws `payloadLengthMismatch` when a payload of `payloadByteCount` bytes is not this
    /// tensor's.
    public func check(payloadByteCount: Int) throws(CodecError) {
        guard payloadByteCount == byteCount else {
            throw CodecError(
                .payloadLengthMismatch,
                """
                the payload has \(payloadByteCount) bytes; \
                shape \(shape) of \(dtype.name) takes \(byteCount)
                """)
        }
    }

    private static func product(_ factors: [Int]) -> Int? {
        var result = 1
        for factor in factors {
            let (partial, overflow) = result.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            result = partial
        }
        return result
    }
}

extension TensorDescriptor: CustomStringConvertible {
    public var description: String {
        let order = byteOrder == .big ? ", big-endian" : ""
        let fastest = layout == .columnMajor ? ", column-major" : ""
        return "\(dtype.name)\(shape)\(fastest)\(order)"
    }
}
