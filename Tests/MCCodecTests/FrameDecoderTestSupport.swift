import MCCodec
import MCMemory
import Testing

extension FrameDecoderTests {
    /// A frame as the tests compare it.
    struct Seen: Equatable {
        var body: [UInt8]
        var more = false
        var isCommand = false
    }

    /// Encoded as on the wire.
    static func encode(_ frames: [Seen]) -> [UInt8] {
        var bytes: [UInt8] = []
        for frame in frames {
            var flags: FrameFlags = frame.more ? .more : []
            if frame.isCommand { flags.insert(.command) }
            FrameHeader(flags: flags, bodyLength: UInt64(frame.body.count)).append(to: &bytes)
            bytes += frame.body
        }
        return bytes
    }

    /// A decoder as a connection uses it, with the kernel's part played by `receive`.
    struct Reader: ~Copyable {
        var decoder: FrameDecoder
        var seen: [Seen] = []
        var largestHeld = 0
        /// Whether whole frames are taken one by one, as receivers do, and `next` takes the others.
        let takesWhole: Bool

        init(_ limits: FrameDecoder.Limits = .init(), takesWhole: Bool = false) {
            decoder = FrameDecoder(limits: limits)
            self.takesWhole = takesWhole
        }

        /// One read of at most so many bytes, and the frames that it gives.
        ///
        /// - Returns: how many bytes were taken.
        mutating func receive(_ bytes: ArraySlice<UInt8>) throws -> Int {
            let room = try decoder.prepareRead()
            #expect(room.count > 0)
            let count = min(room.count, bytes.count)
            room.copyBytes(from: bytes.prefix(count))
            decoder.didRead(count)
            try takeAll()
            largestHeld = max(largestHeld, decoder.heldBytes)
            return count
        }

        mutating func takeAll() throws {
            while true {
                if takesWhole { takeWhole() }
                switch try decoder.next() {
                case .needMore: return
                case .frame(let frame):
                    seen.append(Seen(body: frame.array, more: frame.hasMore))
                case .command(let frame):
                    seen.append(Seen(body: frame.array, isCommand: true))
                }
            }
        }

        private mutating func takeWhole() {
            let count = seen.count + decoder.wholeMessages
            defer { #expect(seen.count == count) }
            while true {
                var frame = Frame()
                let promised = decoder.hasWhole()
                let found = withUnsafeMutablePointer(to: &frame) { decoder.nextWhole(into: $0) }
                #expect(found == promised)
                guard found == .made else { return }
                seen.append(Seen(body: frame.array, more: frame.hasMore))
            }
        }

        /// Everything, in reads of sizes that `size` gives.
        mutating func receive(all bytes: [UInt8], size: () -> Int) throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(try receive(rest.prefix(size())))
            }
        }
    }
}
