import MCCodec
import Testing

/// Decodes from an allocation of exactly `bytes.count`, so that a sanitizer sees a read too far.
private func decode(_ bytes: [UInt8]) -> FrameHeader.Decoded {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyMemory(from: bytes, byteCount: bytes.count)
    return unsafe FrameHeader.decode(copy, available: bytes.count)
}

private func encode(_ header: FrameHeader) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: header.headerLength)
    let written = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return -1 }
        return unsafe header.encode(into: base)
    }
    #expect(written == header.headerLength)
    return bytes
}

@Suite struct FrameHeaderTests {
    @Test func `short and long headers have the bytes of RFC 37`() {
        #expect(encode(FrameHeader(bodyLength: 0)) == [0, 0])
        #expect(encode(FrameHeader(flags: .more, bodyLength: 255)) == [1, 255])
        #expect(encode(FrameHeader(flags: .command, bodyLength: 6)) == [4, 6])
        #expect(encode(FrameHeader(bodyLength: 256)) == [2, 0, 0, 0, 0, 0, 0, 1, 0])
        #expect(
            encode(FrameHeader(flags: [.more], bodyLength: 0x0102_0304_0506_0708))
                == [3, 1, 2, 3, 4, 5, 6, 7, 8])
        #expect(encode(FrameHeader(flags: [.command], bodyLength: 300))[0] == 6)
    }

    @Test func `the long bit follows the length`() {
        #expect(encode(FrameHeader(flags: [.long, .more], bodyLength: 3)) == [1, 3])
    }

    @Test(arguments: [0, 1, 2, 254, 255, 256, 65_535, 65_536, 1 << 32, UInt64.max >> 1])
    func `what is encoded is decoded`(length: UInt64) {
        for flags in [[], .more, .command] as [FrameFlags] {
            let bytes = encode(FrameHeader(flags: flags, bodyLength: length))
            #expect(FrameHeader.headerLength(forBody: Int(length)) == bytes.count)
            guard case .header(let header, let headerLength) = decode(bytes + [9, 9]) else {
                Issue.record("no header from \(bytes)")
                continue
            }
            #expect(headerLength == bytes.count)
            #expect(header.bodyLength == length)
            #expect(header.flags.subtracting(.long) == flags)
            #expect(header.flags.contains(.long) == (length > 255))
            for cut in 0..<bytes.count {
                #expect(decode(Array(bytes.prefix(cut))) == .needMore)
            }
        }
    }

    @Test func `a short length in the long form is accepted`() {
        #expect(
            decode([2, 0, 0, 0, 0, 0, 0, 0, 5])
                == .header(FrameHeader(flags: .long, bodyLength: 5), headerLength: 9))
    }

    @Test func `every flags octet is either legal or refused at the first byte`() {
        for octet in UInt8.min...UInt8.max {
            switch octet {
            case 0, 1, 2, 3, 4, 6: #expect(decode([octet]) == .needMore)
            case 5, 7: #expect(decode([octet]) == .invalid(.commandWithMore))
            default: #expect(decode([octet]) == .invalid(.reservedFlagBits))
            }
        }
    }

    @Test func `a length with the top bit set is refused`() {
        #expect(decode([2, 0x80, 0, 0, 0, 0, 0, 0, 0]) == .invalid(.frameTooLong))
        #expect(decode([2] + [UInt8](repeating: 0xff, count: 8)) == .invalid(.frameTooLong))
    }

    @Test func `every code of an error has words of its own`() {
        let codes: [CodecError.Code] = [
            .reservedFlagBits, .commandWithMore, .frameTooLong, .notZMTP, .peerSpeaksZMTP1,
            .peerSpeaksZMTP2, .malformedGreeting, .invalidMechanismName, .malformedCommand,
            .malformedMetadata, .valueTooLong, .malformedTensorHeader, .rankTooHigh,
            .unknownDataType, .invalidDimension, .sizeOverflow, .payloadLengthMismatch,
            .checksumMismatch,
        ]
        #expect(Set(codes).count == codes.count)
        #expect(Set(codes.map(\.description)).count == codes.count)
        for code in codes { #expect(!code.description.hasPrefix("codec error")) }
        #expect(CodecError(.notZMTP).description == "the peer does not speak ZMTP")
    }
}
