public import MCPool

/// What every socket can do: be bound, be connected, be closed.
///
/// A socket may be used by any number of threads and tasks at once; each message is sent and
/// received whole. It is closed by `close()`, or when its last reference goes.
public class Socket: @unchecked Sendable {
    @usableFromInline let engine: SocketEngine
    /// Kept alive by its sockets.
    let context: Context

    init(_ pattern: any Pattern, context: Context, options: SocketOptions) throws(SocketError) {
        self.context = context
        engine = try context.makeEngine(pattern, options: options)
    }

    deinit { engine.close() }

    /// Takes connections at an endpoint: `tcp://127.0.0.1:5555`, `tcp://*:*`, `ipc:///path`,
    /// `ipc://@abstract`, `inproc://name`, or a bare `host:port`.
    ///
    /// - Returns: the real endpoint, with the port that `*` or 0 became.
    /// - Throws: `invalidEndpoint`, `unsupportedTransport`, `incompatibleTransport`, `addressInUse`,
    ///   `addressNotAvailable`, `systemError`, `closed`.
    @discardableResult
    public final func bind(_ endpoint: String) throws(SocketError) -> String {
        try engine.bind(endpoint)
    }

    /// Takes connections with a socket that the program, or a service manager, has made and bound
    /// (ZMQ_USE_FD). Options that count before that, such as buffer sizes, are its maker's.
    ///
    /// - Parameters:
    ///   - endpoint: says the transport, `tcp://` or `ipc://`, by any address of it: where the socket is
    ///     bound, the kernel knows.
    ///   - descriptor: a stream socket; it listens already, or is made to. It belongs to this socket
    ///     when this returns, which makes it non-blocking and close-on-exec and closes it in the end;
    ///     the file of an `ipc://` path stays. When this throws it is still the caller's.
    /// - Returns: the real endpoint.
    /// - Throws: as `bind(_:)`; `systemError` for what is no such socket.
    @discardableResult
    public final func bind(
        _ endpoint: String, descriptor: Int32
    ) throws(SocketError) -> String {
        try engine.bind(endpoint, descriptor: descriptor)
    }

    /// Connects to an endpoint, now or when its peer appears, and again whenever the peer goes. A TCP
    /// endpoint may say where the connection comes from: `tcp://eth1:0;server:5555`.
    ///
    /// A DEALER, SUB, PUB or REQ socket that is connected there already stays as it is; others have
    /// one more connection then.
    ///
    /// - Throws: `invalidEndpoint`, `unsupportedTransport`, `incompatibleTransport`, `invalidState`
    ///   when the socket takes no more peers, `closed`.
    public final func connect(_ endpoint: String) throws(SocketError) {
        _ = try engine.connect(endpoint)
    }

    /// Takes no more connections at an endpoint, and ends those that came there. The endpoint is the
    /// one that `bind` returned, or one that says the same with other words; not `*` for a port or a
    /// path, which says nothing.
    ///
    /// - Throws: `invalidEndpoint`; with ENOENT as its number when the socket is not bound there.
    public final func unbind(_ endpoint: String) throws(SocketError) {
        try engine.unbind(endpoint)
    }

    /// Ends the connections to an endpoint, which is written as it was for `connect`; what was sent
    /// there still goes, within LINGER.
    ///
    /// - Throws: `invalidEndpoint`; with ENOENT as its number when the socket is not connected there.
    public final func disconnect(_ endpoint: String) throws(SocketError) {
        try engine.disconnect(endpoint)
    }

    /// The endpoint of the last `bind` or `connect`, as it really is; empty before.
    public final var lastEndpoint: String { engine.lastEndpointNow }

    /// The socket's options now.
    public final var options: SocketOptions { SocketOptions(engine.getOptions()) }

    /// Changes options of the live socket; see `SocketOptions` for when each takes effect.
    ///
    /// - Throws: `invalidOption`; nothing is changed then.
    public final func setOptions(_ change: (inout SocketOptions) -> Void) throws(SocketError) {
        var options = self.options
        change(&options)
        try options.check()
        engine.setOptions { options.apply(to: &$0) }
    }

    /// A descriptor for foreign event loops: readable when the socket's state may have changed
    /// since `events` was last asked, and as long as a message waits. Watch it for reading, ask
    /// `events`, and never read from it or close it.
    ///
    /// From the first call on the I/O thread reads for the socket.
    public final func pollDescriptor() throws(SocketError) -> Int32 {
        try engine.pollDescriptor()
    }

    /// What the socket can do now without waiting.
    public final func events() throws(SocketError) -> SocketEvents {
        SocketEvents(rawValue: try engine.events().rawValue)
    }

    /// What happens to the socket's endpoints and connections from now on: a sequence of events, which
    /// ends with the socket.
    public final func monitor() -> SocketMonitor { engine.makeMonitor() }

    /// Ends the socket: whoever waits in it gets `closed`, its endpoints are free when this
    /// returns. What was sent still goes in the background, within LINGER.
    public final func close() { engine.close() }
}

/// What a socket can do without waiting.
public struct SocketEvents: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A message is there (ZMQ_POLLIN).
    public static let canReceive = SocketEvents(rawValue: 1)
    /// A message would be taken (ZMQ_POLLOUT).
    public static let canSend = SocketEvents(rawValue: 2)
}

/// How a send treats a peer without room.
public struct SendFlags: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Fails with `wouldBlock` instead of waiting (ZMQ_DONTWAIT).
    public static let dontWait = SendFlags(rawValue: 1)
}
