import CMCLinux
import Glibc
public import MCTransport

/// Stream sockets of the local host: `ipc://path`, `ipc://@abstract`, `ipc://*`.
///
/// Differences from libzmq (zmq_ipc(7)), which removes whatever stands at the path: a listener that
/// answers is not pushed aside but reported as in use, and only sockets are ever removed. The file
/// goes when the listener closes, unless another listener has put its own there.
public struct IPCTransport: StreamTransport {
    /// The longest path or abstract name, in bytes (`sun_path`, unix(7)).
    public static let maximumPathBytes = 107

    /// Makes the transport; it has no state.
    public init() {}

    /// `ipc`.
    public var scheme: Scheme { .ipc }

    /// Listens on a path, an abstract name, or (`*`) a path in a new directory under `TMPDIR`,
    /// `TEMPDIR`, `TMP` or /tmp.
    public func listen(
        on endpoint: Endpoint, options: LinkOptions
    ) throws(TransportError) -> any StreamListener {
        try checkScheme(endpoint)
        guard endpoint.address == "*" else {
            return try listen(at: endpoint, options, directory: nil)
        }
        let directory: String
        do throws(Errno) {
            directory = try SocketPath.makeDirectory()
        } catch {
            throw .system(error.number, cannot: "make a path for", endpoint.description)
        }
        do throws(TransportError) {
            let real = try Endpoint(scheme: .ipc, address: directory + "/socket")
            return try listen(at: real, options, directory: directory)
        } catch {
            _ = unsafe cmc_net_remove_directory(directory)
            throw error
        }
    }

    /// None: a listener is known by its path as it was written.
    public func listenerNames(of endpoint: Endpoint, options: LinkOptions) -> [String] { [] }

    /// Refuses `*`, and a path that is too long.
    public func checkDestination(_ endpoint: Endpoint) throws(TransportError) {
        _ = try linkAddress(of: endpoint)
    }

    /// Completes on the calling thread.
    public func resolve(
        _ endpoint: Endpoint, options: LinkOptions,
        completion: @escaping @Sendable (Result<[LinkAddress], TransportError>) -> Void
    ) {
        completion(Result { () throws(TransportError) in [try linkAddress(of: endpoint)] })
    }

    /// Connects. Unix sockets have no "in progress": either the listener has room in its backlog,
    /// or this throws `TransportError.Code.connectionRefused`.
    public func connect(
        to address: LinkAddress, options: LinkOptions
    ) throws(TransportError) -> any StreamLink {
        let target = SocketAddress(bytes: address.socketAddress)
        guard target.family == .unix else {
            throw TransportError(
                .invalidEndpoint, "\(address.text) is not an address of ipc",
                endpoint: address.text)
        }
        do throws(Errno) {
            let socket = try StreamSocket(.unix, options)
            try socket.connect(target)
            return SocketLink(socket, .unix, peer: address.text)
        } catch  where error.number == EAGAIN {
            throw TransportError(
                .connectionRefused,
                "cannot connect to \(address.text): the listener's backlog is full",
                endpoint: address.text, errno: EAGAIN)
        } catch {
            throw .system(error.number, cannot: "connect to", address.text)
        }
    }
}

extension IPCTransport {
    private func checkScheme(_ endpoint: Endpoint) throws(TransportError) {
        guard endpoint.scheme == .ipc else {
            throw TransportError(
                .unsupportedTransport, "\(endpoint) is not an endpoint of ipc",
                endpoint: endpoint.description)
        }
    }

    private func address(of endpoint: Endpoint) throws(TransportError) -> SocketAddress {
        do throws(Errno) {
            return try SocketAddress(path: endpoint.address)
        } catch {
            let count = endpoint.address.utf8.count
            throw TransportError(
                .invalidEndpoint,
                "\(endpoint): a path of \(count) bytes is longer than \(Self.maximumPathBytes)",
                endpoint: endpoint.description, errno: error.number)
        }
    }

    private func linkAddress(of endpoint: Endpoint) throws(TransportError) -> LinkAddress {
        try checkScheme(endpoint)
        guard endpoint.address != "*" else {
            throw TransportError(
                .invalidEndpoint, "\(endpoint) can be listened on, but not connected to",
                endpoint: endpoint.description)
        }
        let address = try address(of: endpoint)
        return LinkAddress(socketAddress: address.bytes, text: endpoint.description)
    }

    private func listen(
        at endpoint: Endpoint, _ options: LinkOptions, directory: String?
    ) throws(TransportError) -> any StreamListener {
        let address = try address(of: endpoint)
        let isPath = endpoint.address.utf8.first != UInt8(ascii: "@")
        var path: SocketPath?
        do throws(Errno) {
            let socket = try StreamSocket(.unix, options)
            do throws(Errno) {
                try socket.bind(address)
            } catch  where error.number == EADDRINUSE && isPath {
                guard SocketPath.removeStale(endpoint.address, address) else { throw error }
                try socket.bind(address)
            }
            if isPath { path = SocketPath(bound: endpoint.address, directory: directory) }
            try socket.listen(backlog: options.backlog)
            return SocketListener(
                socket, .unix, options: options, localEndpoint: endpoint, path: path)
        } catch {
            path?.removeIfOwn()
            throw .system(error.number, cannot: "listen on", endpoint.description)
        }
    }
}
