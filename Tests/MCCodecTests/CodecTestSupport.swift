import Foundation
import MCCodec
import Testing

struct VectorError: Error {
    var file: String
}

/// The bytes of a file in `Vectors`: hexadecimal octets, and comments from `#` to the line's end.
func vector(_ name: String) throws -> [UInt8] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Vectors/\(name).hex")
    let text = try String(contentsOf: path, encoding: .utf8)
    return try text.split(separator: "\n").flatMap { line in
        try line.prefix { $0 != "#" }.split(separator: " ").map { octet in
            guard let value = UInt8(octet, radix: 16) else { throw VectorError(file: name) }
            return value
        }
    }
}

func decodeCommand(_ body: [UInt8]) throws(CodecError) -> Command {
    try Command(decoding: body.rawSpan)
}

/// The command, or nil where the decoder refuses the bytes.
func acceptedCommand(_ body: [UInt8]) -> Command? {
    do { return try decodeCommand(body) } catch { return nil }
}

/// The body of the one frame in `bytes`.
func body(ofFrame bytes: [UInt8], flags: FrameFlags) throws -> [UInt8] {
    let decoded = unsafe bytes.withUnsafeBytes { buffer in
        unsafe buffer.baseAddress.map { unsafe FrameHeader.decode($0, available: buffer.count) }
    }
    guard case .header(let header, let length) = decoded else { throw VectorError(file: "frame") }
    #expect(header.flags.subtracting(.long) == flags)
    #expect(Int(header.bodyLength) == bytes.count - length)
    return Array(bytes.dropFirst(length))
}

/// The code of the error that `work` ends in, or nil.
func code(_ work: () throws(CodecError) -> Void) -> CodecError.Code? {
    do {
        try work()
        return nil
    } catch {
        #expect(!error.message.isEmpty)
        return error.code
    }
}

extension [UInt8] {
    var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            // Safe because octets have no padding.
            unsafe span.bytes
        }
    }
}
