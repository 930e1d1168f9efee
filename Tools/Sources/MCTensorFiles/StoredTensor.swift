/// One tensor as a file describes it: what it is, and where its bytes lie.
public struct StoredTensor: Sendable, Hashable {
    /// The key in a safetensors file, the file's name without its suffix for `.npy`.
    public var name: String
    /// What one element is.
    public var elementType: ElementType
    /// The length of each dimension, outermost first; empty for a scalar.
    public var shape: [Int]
    /// True where the first dimension varies fastest (Fortran's order).
    public var isColumnMajor: Bool
    /// True where elements of several bytes have their most significant byte first.
    public var isBigEndian: Bool
    /// Where the payload lies in the file, in bytes.
    public var byteRange: Range<Int>

    /// Makes a description; `byteRange` is filled in by the readers and ignored by the writers.
    public init(
        name: String, elementType: ElementType, shape: [Int], isColumnMajor: Bool = false,
        isBigEndian: Bool = false, byteRange: Range<Int> = 0..<0
    ) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.isColumnMajor = isColumnMajor
        self.isBigEndian = isBigEndian
        self.byteRange = byteRange
    }

    /// The payload's size by shape and element type, nil where it does not fit in an `Int`.
    public var expectedByteCount: Int? {
        Self.byteCount(shape: shape, elementType: elementType)
    }

    static func byteCount(shape: [Int], elementType: ElementType) -> Int? {
        // A dimension of 0 makes the product 0, but must not hide that the others overflow.
        var product = elementType.byteCount
        for length in shape where length != 0 {
            guard length > 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }
}
