private import Glibc

/// Reads a descriptor line by line, blocking. A last line without an end counts.
public struct LineReader {
    private let descriptor: Int32
    private var buffer = LineBuffer()
    private var ended = false

    /// Reads standard input, or another descriptor, which stays the caller's.
    public init(descriptor: Int32 = 0) {
        self.descriptor = descriptor
    }

    /// The next line without its end; nil behind the last.
    public mutating func next() -> [UInt8]? {
        while true {
            if let line = buffer.next() { return line }
            if ended { return buffer.rest() }
            fill()
        }
    }

    private mutating func fill() {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        // Safe because the chunk's own count is passed.
        let count = unsafe read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { return }
        guard count > 0 else {
            ended = true
            return
        }
        buffer.append(chunk[..<count])
    }
}
