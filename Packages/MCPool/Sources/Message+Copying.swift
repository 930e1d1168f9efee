package import MCMemory

/// Messages of copies of what callers have at hand, for sending. All throw `outOfMemory`.
extension Message {
    @inline(never)
    init(copyOf bytes: UnsafeRawBufferPointer) throws(SocketError) {
        self.init()
        try unsafe append(copyOf: bytes)
    }

    package init(copyOf bytes: RawSpan) throws(SocketError) {
        self.init()
        try append(copyOf: bytes)
    }

    package init(copyOf parts: [[UInt8]]) throws(SocketError) {
        self.init()
        for part in parts { try unsafe append(copyOf: part.span.bytes) }
    }

    private mutating func append(copyOf bytes: RawSpan) throws(SocketError) {
        try unsafe bytes.withUnsafeBytes { bytes throws(SocketError) in
            try unsafe append(copyOf: bytes)
        }
    }

    private mutating func append(copyOf bytes: UnsafeRawBufferPointer) throws(SocketError) {
        guard let frame = unsafe Frame(copyingIfPossible: bytes) else {
            throw SocketError(.outOfMemory, "no memory for a frame of \(bytes.count) bytes")
        }
        append(frame)
    }
}
