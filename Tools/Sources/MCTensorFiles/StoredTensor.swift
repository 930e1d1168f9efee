public import MCCodec

/// One tensor as a file describes it: what it is, and where its bytes lie.
public struct StoredTensor: Sendable, Hashable {
    /// The key in a safetensors file, the file's name without its suffix for `.npy`.
    public var name: String
    /// What one element is.
    public var dtype: DType
    /// The length of each dimension, outermost first; empty for a scalar.
    public var shape: [Int]
    /// Which index runs fastest.
    public var layout: TensorLayout
    /// The order of the bytes in each number.
    public var byteOrder: ByteOrder
    /// Where the payload lies in the file, in bytes.
    public var byteRange: Range<Int>

    /// Makes a description; `byteRange` is filled in by the readers and ignored by the writers.
    public init(
        name: String, dtype: DType, shape: [Int], layout: TensorLayout = .rowMajor,
        byteOrder: ByteOrder = .little, byteRange: Range<Int> = 0..<0
    ) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.layout = layout
        self.byteOrder = byteOrder
        self.byteRange = byteRange
    }

    /// The payload's size by shape and element type, nil where it does not fit in an `Int`.
    public var expectedByteCount: Int? {
        Self.byteCount(shape: shape, dtype: dtype)
    }

    /// What is sent in front of the payload.
    ///
    /// - Throws: `rankTooHigh` for more than four dimensions, which a file may have and a message
    ///   may not.
    public func descriptor() throws(CodecError) -> TensorDescriptor {
        try TensorDescriptor(dtype: dtype, shape: shape, layout: layout, byteOrder: byteOrder)
    }

    var isLittleEndian: Bool { byteOrder == .little || dtype.itemSize == 1 }

    var isRowMajor: Bool { layout == .rowMajor || shape.count < 2 }

    static func byteCount(shape: [Int], dtype: DType) -> Int? {
        // A dimension of 0 makes the product 0, but must not hide that the others overflow.
        var product = dtype.itemSize
        for length in shape where length != 0 {
            guard length > 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }
}
