import MCCodec
import MCMemory

/// What the kernel has not taken when a link dies.
extension OutBuffer {
    /// Takes everything out and returns the messages that the kernel has not taken whole, in
    /// order; a half-written one whole. Commands are dropped: they belonged to the connection.
    ///
    /// The bytes are read back as the frames that they are, so that nothing is kept for this on
    /// the fast path.
    package mutating func takeUnsentMessages() -> [Recovered] {
        seal()
        var recovered: [Recovered] = []
        var message = Message()
        var index = firstKept
        var offset = 0
        while index < segments.count {
            let segment = segments[index]
            guard offset < segment.count,
                case .header(let header, let headerLength) = unsafe FrameHeader.decode(
                    segment.address + offset, available: segment.count - offset)
            else {
                index += 1
                offset = 0
                continue
            }
            let count = Int(header.bodyLength)
            let frame: Frame
            if offset + headerLength + count <= segment.count {
                frame = unsafe Frame(
                    copying: UnsafeRawBufferPointer(
                        start: segment.address + offset + headerLength, count: count))
                offset += headerLength + count
            } else {
                // The body is the next segment, referred to.
                index += 1
                let body = segments[index]
                body.block.retain()
                frame = unsafe Frame(slice: body.block, address: body.address, count: body.count)
                offset = body.count
            }
            if header.flags.contains(.command) { continue }
            message.append(frame)
            if header.flags.contains(.more) { continue }
            var whole = Message()
            swap(&whole, &message)
            let isSent = index < firstUnsent || (index == firstUnsent && offset <= sentOfFirst)
            if !isSent { recovered.append(Recovered(whole)) }
        }
        self = OutBuffer()
        return recovered
    }

    /// Takes everything out that has not been written, in pieces that are no messages: for bytes that
    /// are no frames of ZMTP, which nobody can have again.
    mutating func takeUnsentBytes() -> [Recovered] {
        seal()
        let pieces = segments[firstKept...].map { segment in
            segment.block.retain()
            return unsafe Recovered(
                Message(Frame(slice: segment.block, address: segment.address, count: segment.count))
            )
        }
        self = OutBuffer()
        return pieces
    }
}
