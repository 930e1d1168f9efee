import MCFacade
import MCTestSupport

/// Frames as both ends of a test write them down: one word each. `Peers/payload.py` has the same.
///
///     =text       the bytes of the text
///     x0aff       hexadecimal
///     1000:7      1000 bytes that count up from 7, modulo 251
enum Payload {
    private static let counting: [UInt8] = (0..<251 * 64).map { UInt8($0 % 251) }

    static func generated(_ size: Int, _ seed: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes += counting[seed...].prefix(size)
        while bytes.count < size {
            let start = (seed + bytes.count) % 251
            bytes += counting[start...].prefix(size - bytes.count)
        }
        return bytes
    }

    static func bytes(_ word: String) -> [UInt8] {
        if word.hasPrefix("=") { return Array(word.utf8.dropFirst()) }
        if word.hasPrefix("x") {
            let digits = Array(word.utf8.dropFirst())
            return stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
            }
        }
        let parts = word.split(separator: ":").compactMap { Int($0) }
        return parts.count == 2 ? generated(parts[0], parts[1]) : []
    }

    /// Says what came: short frames whole, long ones by what generates them.
    static func word(_ bytes: [UInt8]) -> String {
        guard bytes.count > 100 else { return "x" + hex(bytes) }
        let same = bytes == generated(bytes.count, Int(bytes[0]))
        return same ? "\(bytes.count):\(bytes[0])" : "\(bytes.count):damaged"
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// What a receiver calls these frames.
    static func words(_ words: [String]) -> [String] {
        words.map {
            $0.contains(":") && (Int($0.prefix { $0 != ":" }) ?? 0) > 100
                ? $0 : word(bytes($0))
        }
    }
}

extension Message {
    /// What came, in words.
    var words: [String] { parts.map(Payload.word) }
}

extension Socket {
    /// Sends a message that is given in words; waits for room.
    func send(words: [String]) throws {
        guard let socket = self as? any SendingSocket else { throw Failure("cannot send") }
        try socket.send(parts: words.map(Payload.bytes))
    }

    /// Receives a message within RCVTIMEO, in words.
    func receiveWords() throws -> [String] {
        guard let socket = self as? any ReceivingSocket else { throw Failure("cannot receive") }
        return try socket.receive().words
    }

    /// Takes a message if one is there, in words.
    func tryReceiveWords() throws -> [String]? {
        guard let socket = self as? any ReceivingSocket else { throw Failure("cannot receive") }
        guard let message = try socket.tryReceive() else { return nil }
        return message.words
    }
}

extension Message {
    /// What a numbered message says: the first 8 bytes of its last frame; -1 when there are none.
    var number: Int {
        guard count > 0 else { return -1 }
        return withFrame(count - 1) { frame in
            guard frame.count >= 8 else { return -1 }
            return Int(truncatingIfNeeded: frame.bytes.unsafeLoad(as: UInt64.self))
        }
    }
}

extension PullSocket {
    /// Receives a numbered message within RCVTIMEO.
    func receiveNumber() throws -> Int {
        let message = try receive()
        return message.number
    }
}
