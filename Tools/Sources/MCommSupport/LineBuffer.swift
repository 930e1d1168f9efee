/// Cuts a stream of bytes into lines, as the bytes come in.
public struct LineBuffer {
    private var bytes: [UInt8] = []
    private var start = 0
    private var searched = 0

    /// An empty buffer.
    public init() {}

    /// Adds what was read.
    public mutating func append(_ more: some Sequence<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes += more
    }

    /// The next whole line without its "\n"; nil when there is none yet. A "\r" is kept: it may be
    /// data.
    public mutating func next() -> [UInt8]? {
        guard let end = bytes[searched...].firstIndex(of: 0x0A) else {
            searched = bytes.count
            return nil
        }
        defer {
            start = end + 1
            searched = start
        }
        return Array(bytes[start..<end])
    }

    /// What stands behind the last line end, nil if nothing does: for the end of the stream.
    public mutating func rest() -> [UInt8]? {
        guard start < bytes.count else { return nil }
        defer {
            start = bytes.count
            searched = start
        }
        return Array(bytes[start...])
    }
}
