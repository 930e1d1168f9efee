private import Glibc

/// Whole files as bytes; anything that can be read to its end, pipes included.
public enum FileBytes {
    /// A file that could not be read.
    public struct ReadError: Error, CustomStringConvertible {
        /// The file and the reason.
        public let description: String
    }

    /// The file's bytes.
    public static func read(path: String) throws(ReadError) -> [UInt8] {
        // Safe because the path is passed as a C string that lives for the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            // Safe because the chunk's own count is passed.
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    private static func failure(_ path: String) -> ReadError {
        let number = errno
        return ReadError(description: "\(path): \(unsafe String(cString: strerror(number)))")
    }
}
