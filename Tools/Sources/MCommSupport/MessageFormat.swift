/// How received messages are printed.
public enum MessageFormat: String, Sendable, CaseIterable {
    /// The frames' bytes as they are, nothing between them.
    case raw
    /// A line for each message, frames separated by a tab.
    case lines
    /// A JSON object for each message, one a line.
    case json
    /// A line for each frame with its size, as the ØMQ guide's examples print messages.
    case multipart

    /// What is printed for a message, line ends included.
    public func bytes(_ frames: [[UInt8]]) -> [UInt8] {
        switch self {
        case .raw: frames.flatMap { $0 }
        case .lines: Array(frames.joined(separator: [0x09])) + [0x0A]
        case .json:
            Array("{\"frames\":[\(frames.map(JSONText.bytes).joined(separator: ","))]}\n".utf8)
        case .multipart: Array(Self.dump(frames).utf8)
        }
    }

    /// "[005] hello" for text, the bytes in hexadecimal otherwise.
    private static func dump(_ frames: [[UInt8]]) -> String {
        var text = String(repeating: "-", count: 40) + "\n"
        for frame in frames {
            let size = String(frame.count)
            text += "[" + String(repeating: "0", count: max(0, 3 - size.count)) + size + "] "
            let isText = frame.allSatisfy { (0x20..<0x7F).contains($0) }
            text += isText ? String(decoding: frame, as: UTF8.self) : hex(frame)
            text += "\n"
        }
        return text
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
