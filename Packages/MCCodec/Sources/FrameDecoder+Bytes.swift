public import MCMemory

/// Links on which no ZMTP is spoken: what was read is handed out as it came.
extension FrameDecoder {
    /// Makes a frame at `place` of what has been read, as far as `limit` lets it. Where the bytes go is
    /// chosen as for frames of the wire. Not to be mixed with `next`.
    ///
    /// - Parameter place: holds nothing that is owned; as it was unless the frame was made.
    /// - Returns: `needMore` when nothing is left, `other` when there is no memory.
    public mutating func nextBytes(
        into place: UnsafeMutablePointer<Frame>, atMost limit: Int
    ) -> Whole {
        guard begin < end, let chunk else { return .needMore }
        let count = min(end - begin, limit)
        let start = unsafe UnsafeRawPointer(chunk.payload) + begin
        guard unsafe makeFrame(at: place, of: chunk, start, count: count) else { return .other }
        begin += count
        return .made
    }
}
