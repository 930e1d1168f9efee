extension RawSpan {
    /// The byte at `offset`, checked against the span's end.
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "read behind the end")
        // Safe because the offset was checked, and every pattern of bits is a UInt8.
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// A copy of some of the bytes.
    func array(_ range: Range<Int>) -> [UInt8] {
        let part = extracting(range)
        return unsafe [UInt8](unsafeUninitializedCapacity: part.byteCount) { target, count in
            // Safe because the target holds as many bytes as the source.
            unsafe part.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
            }
            count = part.byteCount
        }
    }
}
