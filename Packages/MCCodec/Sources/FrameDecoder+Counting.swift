import MCMemory

extension FrameDecoder {
    /// How many messages `nextWhole` would make of what has been read; makes none, and looks at every header.
    public var wholeMessages: Int {
        guard framesInMessage == 0, large == nil, let chunk else { return 0 }
        var position = begin
        var count = 0
        while case .header(let header, let length) = unsafe FrameHeader.decode(
            UnsafeRawPointer(chunk.payload) + position, available: end - position),
            header.flags.isDisjoint(with: [.more, .command]),
            header.bodyLength <= limits.frameBytes ?? .max,
            header.bodyLength <= UInt64(max(0, end - position - length))
        {
            position += length + Int(header.bodyLength)
            count += 1
        }
        return count
    }
}
