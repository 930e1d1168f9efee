import Glibc

extension TransportError {
    /// Makes the error of a failed system call.
    ///
    /// - Parameters:
    ///   - errno: the positive error number.
    ///   - action: what was attempted, as in "listen on"; the endpoint follows.
    ///   - endpoint: the endpoint's text.
    public static func system(
        _ errno: Int32, cannot action: String, _ endpoint: String
    ) -> TransportError {
        TransportError(
            Code(errno: errno), "cannot \(action) \(endpoint): \(text(ofErrno: errno))",
            endpoint: endpoint, errno: errno)
    }

    /// The system's text for an error number, "Connection refused" for example.
    public static func text(ofErrno errno: Int32) -> String {
        // Safe because glibc's strerror returns a terminated string that lives until this thread's
        // next call, and it is copied here.
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }
}

extension TransportError.Code {
    /// The code that an error number of a socket call means.
    public init(errno: Int32) {
        self =
            switch errno {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL, ENODEV: .addressNotAvailable
            case ECONNREFUSED: .connectionRefused
            case ECONNRESET, ECONNABORTED, EPIPE, ENOTCONN: .connectionReset
            case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
            case ETIMEDOUT: .timedOut
            case EACCES, EPERM, EROFS: .permissionDenied
            case EMFILE, ENFILE: .tooManyDescriptors
            case ENOMEM, ENOBUFS: .outOfMemory
            case ENOENT, ENOTDIR: .notFound
            case EAFNOSUPPORT, EPROTONOSUPPORT: .unsupportedTransport
            case ENAMETOOLONG, ELOOP: .invalidEndpoint
            case EBADF: .closed
            default: .systemError
            }
    }
}
