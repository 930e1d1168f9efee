private import Glibc

/// The bytes of a file for reading: mapped where the file is large, else read.
///
/// The mapping is private and read-only. As with every mapping, a file that another process cuts
/// short while it is open here ends this process with SIGBUS: tensor files are written under
/// another name and renamed when complete, by this module too.
// Safe because the region is immutable from init to deinit, and leaves only as a borrowed span.
@safe final class FileContents: @unchecked Sendable {
    private let base: UnsafeRawPointer?
    private let byteCount: Int
    private let isMapped: Bool

    /// Smaller files are read: a mapping costs more than the copy.
    static let mappingThresholdBytes = 1 << 20

    init(path: String) throws(TensorFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("cannot be opened", path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw Self.failure("cannot be examined", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TensorFileError(.cannotOpen, "not a regular file", path: path)
        }
        byteCount = Int(status.st_size)
        isMapped = byteCount >= Self.mappingThresholdBytes
        if isMapped {
            let region = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let region = unsafe region, unsafe region != MAP_FAILED else {
                throw Self.failure("cannot be mapped", path)
            }
            unsafe base = UnsafeRawPointer(region)
        } else {
            let buffer = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
            unsafe base = UnsafeRawPointer(buffer)
            var filled = 0
            while filled < byteCount {
                let count = unsafe Glibc.read(descriptor, buffer + filled, byteCount - filled)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure("cannot be read", path) }
                filled += count
            }
        }
    }

    init(bytes: [UInt8]) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        unsafe buffer.copyBytes(from: bytes)
        unsafe base = UnsafeRawPointer(buffer.baseAddress)
        byteCount = bytes.count
        isMapped = false
    }

    deinit {
        guard let base = unsafe base else { return }
        if isMapped {
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), byteCount)
        } else {
            unsafe base.deallocate()
        }
    }

    var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            // Safe because the region lives until deinit, and the span borrows this object.
            let span = unsafe RawSpan(
                _unsafeBytes: UnsafeRawBufferPointer(start: base, count: byteCount))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    private static func failure(_ what: String, _ path: String) -> TensorFileError {
        let number = errno
        return TensorFileError(
            .cannotOpen, "\(what): \(unsafe String(cString: strerror(number)))", path: path)
    }
}
