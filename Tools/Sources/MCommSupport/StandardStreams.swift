private import Glibc

/// Unbuffered writing to standard output and standard error, whole or not at all.
public enum StandardStreams {
    /// Writes to standard output; false when nobody reads it any more.
    @discardableResult
    public static func print(_ bytes: [UInt8]) -> Bool { write(bytes, to: STDOUT_FILENO) }

    /// Writes a line to standard output; false when nobody reads it any more.
    @discardableResult
    public static func print(_ line: String) -> Bool { print(Array((line + "\n").utf8)) }

    /// Writes a line to standard error.
    public static func note(_ line: String) { write(Array((line + "\n").utf8), to: STDERR_FILENO) }

    /// Writes text to standard error as it is.
    public static func noteRaw(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }

    /// Whether standard error is a terminal, where a progress bar makes sense.
    public static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Makes a write to a closed pipe an error of that write, not the end of the process.
    public static func ignoreBrokenPipes() {
        // Safe because SIG_IGN is no function of ours.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        // Safe because `written` stays within the buffer's count.
        unsafe bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&ready, 1, -1)
                    continue
                }
                if count <= 0 { return false }
                written += count
            }
            return true
        }
    }
}
