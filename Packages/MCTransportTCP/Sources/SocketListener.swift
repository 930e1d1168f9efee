import CMCLinux
import Glibc
import MCTransport

/// A listener over a socket, for both transports.
final class SocketListener: StreamListener {
    private let socket: OwnedDescriptor
    private let family: SocketAddress.Family
    private let options: LinkOptions
    private let path: SocketPath?
    let localEndpoint: Endpoint

    /// Takes ownership of a listening socket, and of the file at `path`.
    init(
        _ socket: consuming StreamSocket, _ family: SocketAddress.Family, options: LinkOptions,
        localEndpoint: Endpoint, path: SocketPath? = nil
    ) {
        self.socket = socket.descriptor
        self.family = family
        self.options = options
        self.localEndpoint = localEndpoint
        self.path = path
    }

    deinit { close() }

    var descriptor: Int32 { socket.number }

    var isIntact: Bool { socket.isIntact }

    func accept() throws(TransportError) -> (any StreamLink)? {
        while true {
            switch SocketIO.accept(descriptor) {
            case .wouldBlock: return nil
            case .failed(let errno):
                throw .system(errno, cannot: "accept a connection on", localEndpoint.description)
            case .descriptor(let number):
                let accepted = OwnedDescriptor(owning: number)
                // One that has been reset meanwhile is dropped here like ECONNABORTED.
                guard let peer = try prepare(number) else { continue }
                return SocketLink(owning: accepted, family, peer: peer)
            }
        }
    }

    /// Checks and sets up an accepted socket and finds its peer's name; nil when it is dead.
    private func prepare(_ number: Int32) throws(TransportError) -> String? {
        // A connecting unix socket has no name of its own.
        var name = localEndpoint.description
        let isAccepted: Bool
        if family == .unix {
            isAccepted = options.filter.accepts(peerOf: number)
        } else {
            guard let peer = try? SocketAddress(peerOf: number), let text = peer.text else {
                return nil
            }
            name = "tcp://\(text)"
            isAccepted = options.filter.accepts(peer)
        }
        guard isAccepted else {
            throw TransportError(
                .refusedByFilter,
                "the filter of \(localEndpoint) does not accept the peer \(name)",
                endpoint: localEndpoint.description, errno: EACCES)
        }
        // TCP's options are inherited from the listener, unix sockets' are not.
        do throws(Errno) {
            try StreamSocket.apply(options, to: number, family)
            return name
        } catch {
            return nil
        }
    }

    func close() {
        guard let number = socket.release() else { return }
        // The file goes first: while the socket is open its inode cannot be used again, so a file
        // with that number is surely ours.
        path?.removeIfOwn()
        socket.close(released: number)
    }
}
