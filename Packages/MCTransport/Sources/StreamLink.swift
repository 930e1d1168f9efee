public import Glibc

/// What a non-blocking read or write came to.
@frozen
public enum LinkResult: Sendable, Hashable {
    /// So many bytes were moved; more than 0, unless 0 were asked for.
    case bytes(Int)
    /// Nothing can be moved now; wait until the descriptor is ready.
    case wouldBlock
    /// The peer has closed its side. Only reads say so.
    case end
    /// The link is broken: `ECONNRESET`, `EPIPE`, … It only remains to close it.
    case failed(Int32)
}

/// The ends of a connection: `tcp://192.0.2.1:5555`, `ipc:///run/x`, and `ipc://` for one without a name.
public struct LinkEnds: Sendable, Hashable {
    public var local: String
    public var remote: String

    public init(local: String = "", remote: String = "") {
        self.local = local
        self.remote = remote
    }
}

/// A connected (or connecting) byte stream that never blocks.
///
/// Ownership: the link owns its descriptor alone, and closes it once, in ``close()`` or when the
/// last reference goes.
///
/// Threads: ``read(into:)`` may run on one thread while ``write(_:count:)`` runs on another.
/// Two reads, or two writes, at once would mix up the stream; the caller's claim prevents that. The
/// caller also sees to it that no read or write is under way during ``close()``: a descriptor's
/// number is used again at once. ``shutdown()`` may be called at any time before, and makes reads
/// and writes under way end.
public protocol StreamLink: AnyObject, Sendable {
    /// The descriptor to wait on with epoll or poll; -1 after ``close()``. Never close it.
    var descriptor: Int32 { get }

    /// Whether the descriptor still is this link's: false after ``close()``, and when other code of the
    /// process has closed it by mistake. Its number may be somebody else's then, nothing tells of the
    /// link any more, and it only remains to close it, which leaves the number alone. One system call.
    var isIntact: Bool { get }

    /// The other end, for messages: `tcp://192.0.2.1:5555`, `ipc:///run/x`.
    var peer: String { get }

    /// Both ends as the kernel knows them; empty when the connection is gone. Two or three system calls.
    var ends: LinkEnds { get }

    /// Who the other end is: an IP address as text; of a peer of the same host `:uid:gid:pid`. Empty when
    /// the connection is gone.
    var peerHost: String { get }

    /// Learns how a started connect ended. To be called once, when the descriptor became writable.
    ///
    /// A link from ``StreamListener/accept()`` is connected from the start and needs no call.
    /// - Throws: ``TransportError`` when nobody listened, the host was unreachable, … The link is
    ///   then useless and is to be closed.
    func finishConnect() throws(TransportError)

    /// Reads what is there into `buffer`, one system call. The buffer is borrowed until return.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> LinkResult

    /// Writes the vectors' bytes in order, one system call; a part of them may be accepted.
    ///
    /// - Parameters:
    ///   - vectors: borrowed until return, with the memory that they name.
    ///   - count: at most `IOV_MAX` (1024).
    func write(_ vectors: UnsafePointer<iovec>, count: Int) -> LinkResult

    /// Tells the peer that no more bytes come (it reads to the end); reading goes on.
    func shutdownWrite()

    /// Ends both directions; the descriptor stays until ``close()``, and becomes readable.
    func shutdown()

    /// Closes the descriptor. Further calls do nothing; reads and writes say `.failed(EBADF)`.
    func close()
}
