import MCCodec
import MCMemory

/// What a connection's bytes turn out to be, and the error that they end with.
private struct Traffic: Equatable {
    var frames: [[UInt8]] = []
    var error: CodecError.Code?
}

/// Any split of the input gives the same frames and the same error, whether receivers take whole
/// frames by themselves or not, and memory is bounded by what has arrived. The first byte says how the
/// input is split.
func fuzzFrames(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let whole = decode(bytes, step: max(1, bytes.count), settles: false)
    let pieces = decode(bytes, step: Int(first & 0x3F) + 1, settles: first & 0x40 != 0)
    require(whole == pieces, "the frames depend on how their bytes arrive")
    let taken = decode(
        bytes, step: Int(first & 0x3F) + 1, settles: first & 0x40 != 0, takesWhole: true)
    require(whole == taken, "the frames depend on who takes them")
    let total = whole.frames.reduce(0) { $0 + $1.count }
    require(total <= bytes.count, "more payload than input")
}

private func decode(
    _ bytes: [UInt8], step: Int, settles: Bool, takesWhole: Bool = false
) -> Traffic {
    var decoder = FrameDecoder(limits: FrameDecoder.Limits(frameBytes: 1 << 20))
    var traffic = Traffic()
    var start = 0
    while start < bytes.count {
        // As a connection does: one read, then every frame that it completed.
        guard let room = unsafe try? decoder.prepareRead(), unsafe !room.isEmpty else {
            fatalError("no room to read into")
        }
        let end = start + min(step, room.count, bytes.count - start)
        // Safe because `end - start` is at most the room's count.
        unsafe room.copyBytes(from: bytes[start..<end])
        decoder.didRead(end - start)
        start = end
        traffic.error = drain(&decoder, into: &traffic.frames, takesWhole: takesWhole)
        if traffic.error != nil { return traffic }
        if settles { decoder.settle() }
        // A read chunk, and the reservation that a header's claim may make.
        require(decoder.heldBytes <= 16 * end + (5 << 20), "memory that no arrived byte explains")
    }
    return traffic
}

private func drain(
    _ decoder: inout FrameDecoder, into frames: inout [[UInt8]], takesWhole: Bool
) -> CodecError.Code? {
    while true {
        if takesWhole { takeWhole(&decoder, into: &frames) }
        do {
            switch try decoder.next() {
            case .needMore: return nil
            case .frame(let frame): frames.append([frame.hasMore ? 1 : 0] + frame.array)
            case .command(let body): frames.append([2] + body.array)
            }
        } catch {
            return error.code
        }
    }
}

private func takeWhole(_ decoder: inout FrameDecoder, into frames: inout [[UInt8]]) {
    while true {
        var frame = Frame()
        let promised = decoder.hasWhole()
        // Safe because an empty frame owns nothing, which is what the place must be like.
        let found = unsafe withUnsafeMutablePointer(to: &frame) {
            unsafe decoder.nextWhole(into: $0)
        }
        require(found == promised, "what is promised is not what comes")
        guard found == .made else { return }
        frames.append([0] + frame.array)
    }
}
