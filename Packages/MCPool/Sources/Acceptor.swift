import CMCLinux
import Glibc
import MCTransport

/// A bound endpoint: accepts connections until it is unbound.
///
/// - Thread rule: I/O thread.
final class Acceptor: EventHandler, @unchecked Sendable {
    /// How many connections one turn accepts before others come.
    static let acceptsPerTurn = 64
    /// How long to leave the listener alone when there are no descriptors left.
    static let pauseNanoseconds: UInt64 = 100_000_000

    let engine: SocketEngine
    let listener: any StreamListener
    /// The peers speak no ZMTP.
    let isRaw: Bool
    private var token: UInt64 = 0
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var pauseTimer: UInt64?
    private var isStopped = false
    /// The descriptor is not the listener's any more.
    private var isBroken = false

    init(engine: SocketEngine, listener: any StreamListener, isRaw: Bool) {
        self.engine = engine
        self.listener = listener
        self.isRaw = isRaw
    }

    var endpoint: String { listener.localEndpoint.description }

    func start() {
        guard !isStopped else { return }
        token = engine.ioThread.register(self, of: listener.descriptor)
        rewatch()
    }

    func rewatch() {
        guard !isStopped, !isBroken, pauseTimer == nil else { return }
        guard listener.isIntact else {
            lost()
            return
        }
        if engine.ioThread.watch(listener.descriptor, CMC_POLL_IN, token) < 0 { pause() }
    }

    func descriptorLost(_ descriptor: Int32) {
        if !isStopped { lost() }
    }

    /// Other code of the process has closed the listener's descriptor: nobody can connect any more, and
    /// it only remains to unbind the endpoint.
    private func lost() {
        guard !isBroken else { return }
        isBroken = true
        let error = SocketError(
            .systemError, "the listener's descriptor was closed by other code of the process",
            endpoint: endpoint, errno: EBADF)
        engine.note(.closed, .bound(endpoint), value: Int(listener.descriptor), because: error)
        engine.ioThread.deregister(token, of: listener.descriptor, isIntact: false)
    }

    func handle(events: UInt32) {
        for _ in 0..<Acceptor.acceptsPerTurn {
            do throws(TransportError) {
                guard let link = try listener.accept() else { return }
                let connection = Connection(
                    engine: engine, link: link, dialer: nil, acceptor: self,
                    options: engine.optionsSnapshot)
                connections[ObjectIdentifier(connection)] = connection
                engine.note(.accepted, connection.place, value: Int(link.descriptor))
                connection.begin()
            } catch {
                engine.note(
                    .acceptFailed, .bound(endpoint), value: Int(error.errno),
                    because: SocketError(error))
                // That one is gone, and others may wait.
                if error.code == .refusedByFilter { continue }
                if listener.isIntact { pause() } else { lost() }
                return
            }
        }
    }

    /// Stops listening for a moment: with no descriptors left the listener stays readable, and
    /// asking again at once would keep a processor busy for nothing.
    private func pause() {
        engine.ioThread.ignore(listener.descriptor)
        pauseTimer = engine.ioThread.addTimer(afterNanoseconds: Acceptor.pauseNanoseconds) {
            [weak self] in
            self?.pauseTimer = nil
            self?.rewatch()
        }
    }

    /// A connection is over.
    func lost(_ connection: Connection) { connections[ObjectIdentifier(connection)] = nil }

    /// Stops listening. Connections that have not shaken hands are dropped.
    ///
    /// - Returns: the connections that have.
    func stop() -> [Connection] {
        guard !isStopped else { return [] }
        isStopped = true
        if let timer = pauseTimer { engine.ioThread.cancelTimer(timer) }
        if !isBroken {
            if token != 0 {
                engine.ioThread.deregister(
                    token, of: listener.descriptor, isIntact: listener.isIntact)
            }
            engine.note(.closed, .bound(endpoint), value: Int(listener.descriptor))
        }
        listener.close()
        let established = connections.values.filter { $0.phase == .established }
        for connection in connections.values where connection.phase != .established {
            connection.fail(SocketError(.closed, "unbound"))
        }
        return established
    }
}
