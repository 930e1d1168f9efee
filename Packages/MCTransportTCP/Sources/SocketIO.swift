import CMCLinux
import Glibc
import MCTransport

/// The funnel of all reads, writes and accepts: what an errno means is decided here.
///
/// EINTR is retried in the shim, and SIGPIPE is never raised. Safe because the memory passed on is
/// borrowed from the caller, with the count that the caller gave.
enum SocketIO {
    /// writev(2): the kernel takes no more vectors in one call.
    static let maximumVectors = 1024

    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) -> LinkResult {
        // A read of nothing returns 0, which would look like the end.
        guard let base = buffer.baseAddress, buffer.count > 0 else { return .bytes(0) }
        let n = unsafe cmc_read(descriptor, base, buffer.count)
        return n == 0 ? .end : outcome(n)
    }

    static func write(
        _ descriptor: Int32, _ vectors: UnsafePointer<iovec>, count: Int
    ) -> LinkResult {
        unsafe outcome(cmc_write_vectors(descriptor, vectors, Int32(min(count, maximumVectors))))
    }

    private static func outcome(_ n: Int64) -> LinkResult {
        if n >= 0 { return .bytes(Int(n)) }
        let errno = Int32(truncatingIfNeeded: -n)
        // EAGAIN and EWOULDBLOCK are one number on Linux.
        return errno == EAGAIN ? .wouldBlock : .failed(errno)
    }

    /// What an accept came to.
    enum Accepted {
        case descriptor(Int32)
        case wouldBlock
        case failed(Int32)
    }

    /// Takes the next connection that is still alive.
    static func accept(_ descriptor: Int32) -> Accepted {
        // Ends, because each failure that is skipped takes a connection out of the backlog.
        while true {
            let n = cmc_accept(descriptor)
            if n >= 0 { return .descriptor(n) }
            if -n == EAGAIN { return .wouldBlock }
            if !isConnectionError(-n) { return .failed(-n) }
        }
    }

    /// Errors that belong to the connection taken and not to the listener: accept(2) hands out
    /// "already-pending network errors on the new socket", and EPERM when a firewall forbids it.
    private static func isConnectionError(_ errno: Int32) -> Bool {
        switch errno {
        case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
            ENETUNREACH, ETIMEDOUT:
            true
        default: false
        }
    }
}
