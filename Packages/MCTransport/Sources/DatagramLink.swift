public import Glibc

/// What a datagram socket is opened for.
public enum DatagramUse: Sendable, Hashable {
    /// To send to the endpoint's host and port.
    case sending
    /// To receive what comes to the endpoint's host and port, or to a multicast group.
    case receiving
    /// To receive as `receiving`, and to send to whomever is named.
    case both
}

/// What a non-blocking read of a datagram came to.
public enum DatagramResult: Sendable, Hashable {
    /// A datagram of so many bytes, which are all there, and who sent it (`192.0.2.1:5555`).
    case datagram(Int, sender: String)
    /// One that did not fit into the buffer, and is gone.
    case tooLong
    /// None is there; wait until the descriptor is ready.
    case wouldBlock
    /// The system's error; further ones may work, since it may be of an earlier datagram.
    case failed(Int32)
}

/// A socket for datagrams that never blocks. What the kernel or the network does not take is lost.
///
/// Ownership: the link owns its descriptor alone, and closes it once, in ``close()`` or when the
/// last reference goes.
///
/// Threads: any may send and receive; none may be at it during ``close()``.
public protocol DatagramLink: AnyObject, Sendable {
    /// The descriptor to wait on with epoll or poll; -1 after ``close()``. Never close it.
    var descriptor: Int32 { get }

    /// Where it receives, with the port that the kernel chose, or where it sends to.
    var endpoint: Endpoint { get }

    /// Receives one datagram, one system call. The buffer is borrowed until return.
    ///
    /// - Parameter namesSender: false for an empty sender, which costs less.
    func receive(
        into buffer: UnsafeMutableRawBufferPointer, namesSender: Bool
    ) -> DatagramResult

    /// Sends the vectors' bytes as one datagram, one system call.
    ///
    /// - Parameters:
    ///   - vectors: borrowed until return, with the memory that they name.
    ///   - receiver: a numeric address and a port (`192.0.2.1:5555`); nil for the endpoint's.
    /// - Returns: `failed(EINVAL)` for a receiver that is no such address.
    func send(_ vectors: UnsafePointer<iovec>, count: Int, to receiver: String?) -> LinkResult

    /// Closes the descriptor. Further calls do nothing; reads and writes say `.failed(EBADF)`.
    func close()
}

/// A way to reach peers by datagrams. As ``StreamTransport``, it has no state that a caller can see, and
/// knows nothing about sockets or patterns.
public protocol DatagramTransport: Sendable {
    /// The scheme of the endpoints that it takes.
    var scheme: Scheme { get }

    /// Makes a socket for an endpoint.
    ///
    /// May block for as long as the system's name service takes when the host is a name.
    func open(
        _ endpoint: Endpoint, for use: DatagramUse, options: LinkOptions
    ) throws(TransportError) -> any DatagramLink
}
