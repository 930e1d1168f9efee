/// A way to reach peers over byte streams: listen, resolve, connect.
///
/// An implementation has no state that a caller can see, and may be used from any thread. It knows
/// nothing about ZMTP, sockets or patterns; it gives out descriptors that epoll can wait on.
public protocol StreamTransport: Sendable {
    /// The scheme of the endpoints that it takes.
    var scheme: Scheme { get }

    /// Listens on an endpoint.
    ///
    /// May block for as long as the system's name service takes when the host is a name and not a
    /// number or an interface.
    func listen(
        on endpoint: Endpoint, options: LinkOptions
    ) throws(TransportError) -> any StreamListener

    /// Listens with a socket that somebody else has bound, at whatever address that is.
    ///
    /// - Parameter descriptor: the listener's from the moment this returns; still the caller's when it
    ///   throws. It becomes non-blocking and close-on-exec.
    func listen(
        with descriptor: Int32, options: LinkOptions
    ) throws(TransportError) -> any StreamListener

    /// The endpoints, as text, under which a listener may be known that was made by listening on this
    /// one: numbers for a name, an interface or `*`. None where the port is for the kernel to choose.
    /// May block like `listen`.
    func listenerNames(of endpoint: Endpoint, options: LinkOptions) -> [String]

    /// Whether an endpoint can be connected to, as far as its text says. Never blocks.
    /// - Throws: ``TransportError/Code/invalidEndpoint`` for one that is only for listening.
    func checkDestination(_ endpoint: Endpoint) throws(TransportError)

    /// Finds the addresses of an endpoint, best first; at least one on success.
    ///
    /// `completion` is called exactly once: on the calling thread before `resolve` returns for
    /// numbers and paths, on a resolver thread for names (the name service may take seconds).
    func resolve(
        _ endpoint: Endpoint, options: LinkOptions,
        completion: @escaping @Sendable (Result<[LinkAddress], TransportError>) -> Void)

    /// Starts to connect and returns at once. When the link's descriptor becomes writable,
    /// ``StreamLink/finishConnect()`` says how it ended.
    /// - Throws: what the kernel refuses at once, for example a path that does not exist.
    func connect(
        to address: LinkAddress, options: LinkOptions
    ) throws(TransportError) -> any StreamLink
}
