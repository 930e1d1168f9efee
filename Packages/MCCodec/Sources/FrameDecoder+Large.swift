import MCMemory

/// Bodies that are read straight into their frame's final block.
extension FrameDecoder {
    mutating func startLarge(
        _ header: FrameHeader, count: Int, headerLength: Int, available: Int
    ) throws(CodecError) {
        guard let chunk else { return }
        let reserved = min(count, FrameDecoder.largestReservation)
        guard let block = Block.allocateIfPossible(capacity: reserved) else {
            throw CodecError(.outOfMemory)
        }
        let first = min(available, block.capacity)
        unsafe block.payload.copyMemory(
            from: chunk.payload + begin + headerLength, byteCount: first)
        begin += headerLength + first
        large = block
        largeFilled = first
        largeBytes = count
        largeFlags = header.flags
        if begin == end { dropChunk() }
    }

    /// Hands out the large body when it is complete.
    @usableFromInline
    mutating func nextLarge() throws(CodecError) -> Next {
        guard let block = large, largeFilled == largeBytes else { return .needMore }
        large = nil
        // What follows is probably another large body: read little more than its header.
        readLimit = FrameDecoder.smallestChunk
        chunkBytes = FrameDecoder.smallestChunk
        var frame = unsafe Frame(
            slice: block, address: UnsafeRawPointer(block.payload), count: largeBytes)
        frame.source = source
        return finish(&frame, largeFlags)
    }
}
