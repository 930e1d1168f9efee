private import Glibc

/// A file that appears under its name only when it is complete: written beside it and renamed.
/// Whatever is not committed is removed.
// Safe because paths are passed as C strings that live for the call.
struct AtomicFile: ~Copyable {
    private let path: String
    private let draft: String
    private var descriptor: Int32

    init(path: String) throws(TensorFileError) {
        self.path = path
        self.draft = "\(path).\(getpid()).part"
        descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw Self.failure("cannot be created", path) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unsafe unlink(draft)
    }

    mutating func write(_ bytes: RawSpan) throws(TensorFileError) {
        let failed = unsafe bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                // Safe because `written` stays below the buffer's count.
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return true }
                written += count
            }
            return false
        }
        if failed { throw Self.failure("cannot be written", path) }
    }

    /// Gives the file its name. Errors that the kernel reports late are reported here.
    consuming func commit() throws(TensorFileError) {
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0, unsafe rename(draft, path) == 0 else {
            let failure = Self.failure("cannot be written", path)
            unsafe unlink(draft)
            throw failure
        }
    }

    private static func failure(_ what: String, _ path: String) -> TensorFileError {
        let number = errno
        return TensorFileError(
            .cannotWrite, "\(what): \(unsafe String(cString: strerror(number)))", path: path)
    }
}
