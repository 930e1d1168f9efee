import Glibc
import MCFacade

/// What senders send: frames that say which message they belong to, so that a receiver sees a
/// partial, a mixed up or a damaged one.
///
/// Every frame begins with the message's number, its own index and the number of frames (8 bytes
/// each, little-endian) as far as there is room for them; the rest is filled with a byte of the
/// number.
enum Payload {
    static func message(_ number: Int, bytes: Int, frames: Int) -> Message {
        var message = Message()
        for index in 0..<frames {
            message.append(Frame(frame(number, index: index, frames: frames, bytes: bytes)))
        }
        return message
    }

    static func frame(_ number: Int, index: Int, frames: Int, bytes: Int) -> [UInt8] {
        var frame = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: bytes)
        for (place, value) in [number, index, frames].enumerated() where place * 8 + 8 <= bytes {
            for octet in 0..<8 {
                frame[place * 8 + octet] = UInt8(truncatingIfNeeded: value >> (8 * octet))
            }
        }
        return frame
    }

    static func number(_ frame: [UInt8], at offset: Int = 0) -> Int {
        guard frame.count >= offset + 8 else { return -1 }
        return (0..<8).reduce(0) { $0 | Int(frame[offset + $1]) << (8 * $1) }
    }

    /// Whether everything behind the numbers is `value`.
    private static func isFilled(_ frame: [UInt8], with value: UInt8) -> Bool {
        frame.count == 24
            || frame[24] == value
                && frame.withUnsafeBytes {
                    guard let base = $0.baseAddress else { return false }
                    return memcmp(base + 24, base + 25, $0.count - 25) == 0
                }
    }

    /// Whether a message is one of ours, whole. Frames of less than 24 bytes tell nothing.
    static func isWhole(_ message: borrowing Message) -> Bool {
        let first = message.bytes(0)
        guard first.count >= 24 else { return true }
        let number = number(first)
        guard Self.number(first, at: 16) == message.count else { return false }
        for index in 0..<message.count {
            let frame = message.bytes(index)
            guard Self.number(frame) == number, Self.number(frame, at: 8) == index,
                frame.count == first.count, isFilled(frame, with: UInt8(truncatingIfNeeded: number))
            else { return false }
        }
        return true
    }
}
