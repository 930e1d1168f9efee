import CMCLinux
import Glibc
import MCTransport

/// A connected endpoint: dials, and dials again when the connection is lost (RECONNECT_IVL), as
/// long as the endpoint is not disconnected. Its pipe stays all the while.
///
/// - Thread rule: I/O thread, except `pipe`, which is guarded by the engine's lock.
final class Dialer: @unchecked Sendable {
    /// How long one address may take to answer before the next is tried, unless the option says.
    static let connectNanoseconds: UInt64 = 15_000_000_000

    let engine: SocketEngine
    let endpoint: Endpoint
    let transport: any StreamTransport
    /// The peer speaks no ZMTP.
    let isRaw: Bool
    var pipe: Pipe?

    private let stopsRetrying: ReconnectStop
    private var backoff: Backoff
    /// Who connects for us, as it was when the addresses were looked up.
    private var proxy: SOCKSProxy?
    private var addresses: [LinkAddress] = []
    private var connection: Connection?
    private var retryTimer: UInt64?
    private var connectTimer: UInt64?
    private var isStopped = false
    /// The user has disconnected the endpoint; what was sent may still leave.
    private var isTakenBack = false

    init(
        engine: SocketEngine, endpoint: Endpoint, transport: any StreamTransport,
        options: EngineOptions, isRaw: Bool
    ) {
        self.engine = engine
        self.endpoint = endpoint
        self.transport = transport
        self.isRaw = isRaw
        stopsRetrying = options.reconnectStop
        backoff = Backoff(
            intervalMilliseconds: options.reconnectIntervalMilliseconds,
            maximumMilliseconds: options.reconnectIntervalMaxMilliseconds)
    }

    /// Looks the endpoint up and dials.
    func dial() {
        guard !isStopped else { return }
        let options = engine.linkOptions
        do throws(TransportError) {
            proxy = endpoint.scheme == .tcp ? try options.proxy() : nil
        } catch {
            retry(because: SocketError(error))
            return
        }
        transport.resolve(nextHop, options: options) { [weak self] result in
            // Names come back on a resolver's thread, numbers at once.
            guard let self else { return }
            self.engine.ioThread.post { self.resolved(result) }
        }
    }

    /// Where to connect to: the endpoint, or the proxy, from where the endpoint says unless the proxy's
    /// address says it.
    private var nextHop: Endpoint {
        guard let proxy else { return endpoint }
        guard let source = endpoint.source, proxy.endpoint.source == nil else {
            return proxy.endpoint
        }
        let address = "\(source);\(proxy.endpoint.address)"
        return (try? Endpoint(scheme: .tcp, address: address)) ?? proxy.endpoint
    }

    private func resolved(_ result: Result<[LinkAddress], TransportError>) {
        guard !isStopped else { return }
        switch result {
        case .success(let found):
            addresses = found
            tryNext()
        case .failure(let error):
            retry(because: SocketError(error))
        }
    }

    private func tryNext() {
        var failure: SocketError?
        while !addresses.isEmpty {
            let address = addresses.removeFirst()
            let link: any StreamLink
            do throws(TransportError) {
                link = try transport.connect(to: address, options: engine.linkOptions)
            } catch {
                failure = SocketError(error)
                continue
            }
            let connection = Connection(
                engine: engine, link: link, dialer: self, acceptor: nil,
                options: engine.optionsSnapshot)
            if let proxy, let destination = endpoint.hostPort {
                connection.negotiation = SOCKSNegotiation(proxy, to: destination)
            }
            self.connection = connection
            engine.note(.connectDelayed, .dialled(endpoint.description), value: Int(EINPROGRESS))
            let limit = engine.optionsSnapshot.connectTimeoutMilliseconds
            connectTimer = engine.ioThread.addTimer(
                afterNanoseconds: limit > 0
                    ? UInt64(limit) * 1_000_000 : Dialer.connectNanoseconds
            ) { [weak self, weak connection] in
                guard let self, let connection, connection.phase == .connecting else { return }
                self.connectTimer = nil
                connection.fail(
                    SocketError(
                        .systemError, "no answer from the peer",
                        endpoint: self.endpoint.description, errno: ETIMEDOUT))
            }
            connection.begin()
            return
        }
        retry(because: failure)
    }

    /// The connection has joined the socket.
    func connected() {
        cancelConnectTimer()
        addresses = []
        backoff.reset()
    }

    /// The connection did not come to be.
    ///
    /// - Parameter inHandshake: somebody had answered.
    func connectionFailed(_ error: SocketError, inHandshake: Bool) {
        cancelConnectTimer()
        connection = nil
        guard !isStopped else { return }
        if inHandshake, stopsRetrying.contains(.handshakeFailed) {
            giveUp()
        } else if addresses.isEmpty {
            retry(because: error)
        } else {
            tryNext()
        }
    }

    /// The connection was lost.
    func disconnected() {
        connection = nil
        retry(because: nil)
    }

    private func retry(because error: SocketError?) {
        guard !isStopped, retryTimer == nil else { return }
        var random = SystemRandomNumberGenerator()
        guard !isRefusal(error) || !stopsRetrying.contains(.connectionRefused),
            !isTakenBack || !stopsRetrying.contains(.afterDisconnect),
            let delay = backoff.next(using: &random)
        else {
            giveUp()
            return
        }
        engine.note(
            .connectRetried, .dialled(endpoint.description), value: Int(delay / 1_000_000),
            because: error)
        retryTimer = engine.ioThread.addTimer(afterNanoseconds: delay) { [weak self] in
            self?.retryTimer = nil
            self?.dial()
        }
    }

    /// Nobody is bound there. Of an ipc path whose listener has gone, nothing may be left at all.
    private func isRefusal(_ error: SocketError?) -> Bool {
        error?.errno == ECONNREFUSED || (endpoint.scheme == .ipc && error?.errno == ENOENT)
    }

    /// The endpoint has been disconnected.
    func takenBack() {
        isTakenBack = true
        if retryTimer != nil, stopsRetrying.contains(.afterDisconnect) { giveUp() }
    }

    /// Dials no more, and has the endpoint taken off the socket.
    private func giveUp() {
        stop()
        engine.abandon(self)
    }

    private func cancelConnectTimer() {
        if let timer = connectTimer { engine.ioThread.cancelTimer(timer) }
        connectTimer = nil
    }

    /// Dials no more, and drops a connection that is not established.
    func stop() {
        isStopped = true
        if let timer = retryTimer { engine.ioThread.cancelTimer(timer) }
        retryTimer = nil
        cancelConnectTimer()
        if let connection, connection.phase != .established {
            connection.fail(SocketError(.closed, "disconnected"))
        }
        connection = nil
    }
}
