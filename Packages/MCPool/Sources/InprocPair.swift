import MCLock
import MCQueue
import MCSecurity
import MCTransport
public import MCTransportInproc

/// The two ends of an in-process pipe: what one end's socket sends goes straight into the queue of
/// the other end.
///
/// The connecting socket makes the pair, and may send at once; the binding socket adopts its end
/// when it is there. Until then the messages wait in the far end's queue.
///
/// - Thread rule: `near` and `binder` are guarded by the connecting engine's lock, `far` and
///   `boundName` by the binding one's.
/// - Ownership: each attached end holds the pair, the states go with it. `connector` and `binder`
///   are strong, so that an end can take the other engine's lock whenever it holds the pair.
final class InprocPair: PipeOwner, @unchecked Sendable {
    let connector: SocketEngine
    private(set) var binder: SocketEngine?
    /// The name under which the far end was adopted.
    private(set) var boundName: String?
    private(set) var near: Pipe!
    private(set) var far: Pipe!

    init(connector: SocketEngine) {
        self.connector = connector
        super.init()
        let options = connector.optionsSnapshot
        near = make(
            engine: connector, sends: options.sendLimits, receives: options.receiveLimits)
        far = make(
            engine: connector, sends: options.receiveLimits, receives: options.sendLimits)
        near.pointee.peer = far
        far.pointee.peer = near
        near.pointee.pair = self
        near.pointee.owner = self
    }

    /// The socket at the other end of `pipe`, whose socket's lock is held; nil while there is none.
    func engine(opposite pipe: Pipe) -> SocketEngine? { pipe == near ? binder : connector }

    /// Whether messages wait for somebody to bind the name. The connecting engine's lock held.
    var hasUnclaimed: Bool { binder == nil && !far.pointee.received.isEmpty }

    /// What became of the far end.
    enum Adoption {
        case adopted
        case refused
        case closed
    }

    /// Gives the far end to the socket that is bound to `name`. High-water marks add up.
    ///
    /// - Returns: `refused` when that socket does not want the peer, and the near end is ended
    ///   then; `closed` when it is closed or no longer bound, and nothing has happened.
    func adopt(by engine: SocketEngine, name: String) -> Adoption {
        let near = connector.optionsSnapshot
        // Before the far end is attached: whoever cuts it off, or sends, then finds its socket.
        connector.lock.withLock { binder = engine }
        engine.lock.lock()
        // Who unbinds gives the name back first, then takes the lock and looks for pipes.
        guard engine.state == .open, engine.inproc.isBound(name, acceptor: engine) else {
            engine.settleAndUnlock()
            connector.lock.withLock { binder = nil }
            return .closed
        }
        let far = engine.options
        unsafe self.far.pointee.engine = engine
        self.far.pointee.peerReceives = near.receiveLimits
        self.far.setLimits(far)
        engine.setConflating(self.far)
        self.far.pointee.peerSocketType = connector.pattern.socketType
        self.far.learnRoutingID(connector.pattern.announcesRoutingID ? near.routingID : [])
        let (one, other) = (connector.pattern.socketType, engine.pattern.socketType)
        // STREAM is no type of ZMTP's, and suits its own kind.
        let fits =
            !(near.refusesUnfitInproc && far.refusesUnfitInproc)
            || SocketCompatibility.areCompatible(one, other)
            || (one == other && engine.pattern.isRaw)
        // Whole before the pattern sees it, which may have a message for it at once.
        boundName = name
        self.far.pointee.pair = self
        self.far.pointee.owner = self
        self.far.pointee.isJoined = true
        guard fits, engine.attach(self.far) else {
            self.far.pointee.pair = nil
            self.far.pointee.owner = nil
            unsafe self.far.pointee.engine = connector
            engine.settleAndUnlock()
            connector.lock.lock()
            binder = nil
            connector.endInproc(self.near)
            connector.settleAndUnlock()
            return .refused
        }
        guard engine.pattern.connected(self.far) else {
            engine.detach(self.far)
            engine.settleAndUnlock()
            return .refused
        }
        if !self.far.pointee.received.isEmpty { engine.pattern.readable(self.far) }
        engine.wakeReceivers()
        engine.wakeSenders()
        engine.settleAndUnlock()
        joined(far: far, type: engine.pattern)
        return .adopted
    }

    private func joined(far: EngineOptions, type: any Pattern) {
        connector.lock.lock()
        let isThere = near.pointee.isAttached
        if isThere {
            near.pointee.peerReceives = far.receiveLimits
            near.setLimits(connector.options)
            connector.setConflating(near)
            near.pointee.peerSocketType = type.socketType
            near.learnRoutingID(type.announcesRoutingID ? far.routingID : [])
            near.pointee.isJoined = true
            if !connector.pattern.connected(near) { connector.detach(near) }
            if near.pointee.isAttached && near.hasRoom { connector.pattern.writable(near) }
            connector.wakeSenders()
        }
        connector.settleAndUnlock()
        // The near end went while the far one was being adopted, and found nothing to cut.
        if !isThere { cut(fromNear: true) }
    }

    /// One end is detached: the other end's socket sends no more into it, and ends when it has
    /// received what is there. Not under a lock.
    func cut(fromNear isNear: Bool) {
        let other: Pipe = isNear ? far : near
        guard let engine = isNear ? connector.lock.withLock({ binder }) : connector else { return }
        engine.lock.lock()
        engine.endInproc(other)
        engine.settleAndUnlock()
    }
}

extension SocketEngine {
    /// The other end of an in-process pipe is gone. Lock held.
    func endInproc(_ pipe: Pipe) {
        guard pipe.pointee.isAttached else { return }
        pipe.pointee.peer = nil
        pipe.pointee.isSendClosed = true
        pipe.pointee.isReceiveEnded = true
        pattern.closeSending(pipe)
        pattern.disconnected(pipe)
        wishesChanged()
        if pipe.pointee.received.isEmpty {
            markDrained(pipe)
        } else {
            pattern.readable(pipe)
            wakeReceivers()
        }
        wakeSenders()
    }

    func bindInproc(_ endpoint: Endpoint) throws(SocketError) -> String {
        let name = endpoint.address
        let waiting: [any InprocConnector]
        do throws(TransportError) {
            waiting = try inproc.bind(name, acceptor: self)
        } catch {
            throw SocketError(error)
        }
        lock.lock()
        let isOpen = state == .open
        if isOpen {
            endpoints.append(.inprocBound(endpoint: endpoint.description, name: name))
            lastEndpoint = endpoint.description
        }
        lock.unlock()
        // Those who waited meet whoever is bound now, this socket as long as it is open.
        if !isOpen { inproc.unbind(name, acceptor: self) }
        for connector in waiting {
            guard let connection = connector as? InprocConnection else { continue }
            _ = join(connection, name: name)
        }
        if !isOpen { throw closedError() }
        return endpoint.description
    }

    func connectInproc(
        _ endpoint: Endpoint, peerRoutingID: [UInt8]?
    ) throws(SocketError) -> Connected {
        let name = endpoint.address
        let pair = InprocPair(connector: self)
        let connection = InprocConnection(pair: pair)
        lock.lock()
        do throws(SocketError) {
            guard state == .open else { throw closedError() }
            try check(peerRoutingID)
            pair.near.choose(peerRoutingID)
            guard attach(pair.near) else {
                throw SocketError(
                    .invalidState, "the \(pattern.socketType) socket takes no more peers",
                    endpoint: endpoint.description)
            }
        } catch {
            pair.near.pointee.pair = nil
            pair.near.pointee.owner = nil
            settleAndUnlock()
            throw error
        }
        let connected = Connected(endpoint: endpoint.description, to: pair.near)
        endpoints.append(
            .inprocConnected(endpoint: endpoint.description, name: name, connection))
        lastEndpoint = endpoint.description
        settleAndUnlock()
        if let refuser = join(connection, name: name) {
            dropInprocRecord(connection)
            throw SocketError(
                .protocolError,
                "the \(refuser) socket bound there refuses a \(pattern.socketType) socket",
                endpoint: endpoint.description)
        }
        return connected
    }

    /// Gives a connection's far end to the socket that is bound to a name, or lets it wait for one.
    ///
    /// - Returns: the type of the socket that refuses it.
    private func join(_ connection: InprocConnection, name: String) -> String? {
        while let acceptor = inproc.connect(name, connector: connection) as? SocketEngine {
            switch connection.pair.adopt(by: acceptor, name: name) {
            case .adopted: return nil
            case .refused: return acceptor.pattern.socketType
            case .closed:
                // It closes and has not come to freeing its name yet, or has unbound it.
                inproc.unbind(name, acceptor: acceptor)
            }
        }
        // Disconnected meanwhile: nobody waits any more.
        let pair = connection.pair
        let isThere = pair.connector.lock.withLock { pair.near.pointee.isAttached }
        if !isThere { inproc.withdraw(name, connector: connection) }
        return nil
    }

    private func dropInprocRecord(_ connection: InprocConnection) {
        lock.withLock {
            endpoints.removeAll {
                guard case .inprocConnected(_, _, let other) = $0 else { return false }
                return other === connection
            }
        }
    }
}

extension SocketEngine: InprocAcceptor {}

/// A connected in-process endpoint, as the registry knows it.
final class InprocConnection: InprocConnector, Sendable {
    let pair: InprocPair

    init(pair: InprocPair) { self.pair = pair }
}
