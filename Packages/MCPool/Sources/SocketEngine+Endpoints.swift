import CMCLinux
import Glibc
import MCLock
import MCQueue
import MCTransport
import MCTransportInproc

/// What an endpoint of a socket is.
enum EndpointRecord {
    case listening(endpoint: String, Acceptor)
    case dialling(endpoint: String, Dialer)
    case datagrams(endpoint: String, DatagramPort, isBound: Bool)
    case inprocBound(endpoint: String, name: String)
    case inprocConnected(endpoint: String, name: String, InprocConnection)

    var endpoint: String {
        switch self {
        case .listening(let endpoint, _), .dialling(let endpoint, _),
            .datagrams(let endpoint, _, _), .inprocBound(let endpoint, _),
            .inprocConnected(let endpoint, _, _):
            endpoint
        }
    }

    var isBound: Bool {
        switch self {
        case .listening, .inprocBound: true
        case .dialling, .inprocConnected: false
        case .datagrams(_, _, let isBound): isBound
        }
    }
}

extension SocketEngine {
    var linkOptions: LinkOptions {
        let options = optionsSnapshot
        var link = options.link
        // Who lets few messages wait does not want the kernel to let megabytes of them wait instead.
        if (1...SocketEngine.fewMessages).contains(options.sendHighWaterMark) {
            link.unsentBytes = SocketEngine.pacedBytes
        }
        link.sendBufferBytes =
            options.sendBufferBytes < 0
            ? ByteMarks.kernelBuffer(options.sendHighWaterBytes) : options.sendBufferBytes
        link.receiveBufferBytes =
            options.receiveBufferBytes < 0
            ? ByteMarks.kernelBuffer(options.receiveHighWaterBytes) : options.receiveBufferBytes
        return link
    }

    private func transport(for endpoint: Endpoint) throws(SocketError) -> any StreamTransport {
        guard let transport = transports[endpoint.scheme] else {
            throw SocketError(
                .unsupportedTransport, "no transport for \(endpoint.scheme.rawValue)://",
                endpoint: endpoint.description)
        }
        return transport
    }

    private func parse(_ text: String) throws(SocketError) -> Endpoint {
        do throws(TransportError) {
            return try Endpoint(text)
        } catch {
            throw SocketError(error)
        }
    }

    package func checkOpen() throws(SocketError) {
        lock.lock()
        let isOpen = state == .open
        lock.unlock()
        if !isOpen { throw closedError() }
    }

    /// Takes connections at an endpoint.
    ///
    /// - Parameter descriptor: a socket that is bound already, at whatever address; the engine's from
    ///   the moment this returns.
    /// - Returns: the real endpoint, with the port that `*` or 0 became.
    package func bind(_ text: String, descriptor: Int32? = nil) throws(SocketError) -> String {
        try checkOpen()
        let endpoint = try parse(text)
        if endpoint.scheme == .inproc, descriptor == nil { return try bindInproc(endpoint) }
        if endpoint.scheme == .udp { return try openDatagrams(endpoint, bound: true) }
        let listener: any StreamListener
        let transport = try transport(for: endpoint)
        do throws(TransportError) {
            if let descriptor {
                try checkUnused(descriptor)
                listener = try transport.listen(with: descriptor, options: linkOptions)
            } else {
                listener = try transport.listen(on: endpoint, options: linkOptions)
            }
        } catch {
            let error = SocketError(error)
            note(
                .bindFailed, .bound(endpoint.description), value: Int(error.errno), because: error)
            throw error
        }
        let acceptor = Acceptor(
            engine: self, listener: listener, isRaw: lock.withLock { pattern.isRaw })
        let real = listener.localEndpoint.description
        lock.lock()
        guard state == .open else {
            lock.unlock()
            listener.close()
            throw closedError()
        }
        endpoints.append(.listening(endpoint: real, acceptor))
        lastEndpoint = real
        lock.unlock()
        note(.listening, .bound(real), value: Int(listener.descriptor))
        ioThread.post { acceptor.start() }
        return real
    }

    /// What `connect` has made.
    package struct Connected {
        /// The endpoint as it was understood.
        package let endpoint: String
        /// The routing id by which the peer is known already; empty where there is none.
        package let routingID: [UInt8]
        /// The number that a SERVER or PEER socket has given the peer; 0 in others.
        package let peerNumber: UInt32

        /// Lock held, if there is a pipe.
        init(endpoint: String, to pipe: Pipe?) {
            self.endpoint = endpoint
            routingID = pipe?.pointee.routingID ?? []
            peerNumber = pipe?.pointee.peerNumber ?? 0
        }
    }

    /// A descriptor with two owners would be closed twice.
    private func checkUnused(_ descriptor: Int32) throws(TransportError) {
        let isUsed = lock.withLock {
            endpoints.contains { record in
                guard case .listening(_, let acceptor) = record else { return false }
                return acceptor.listener.descriptor == descriptor
            }
        }
        if isUsed {
            throw .system(EADDRINUSE, cannot: "bind the descriptor", "\(descriptor)")
        }
    }

    /// Connects to an endpoint, now or when its peer appears, again whenever the peer goes away.
    ///
    /// - Parameter peerRoutingID: how the peer is to be known, whatever it says of itself
    ///   (ZMQ_CONNECT_ROUTING_ID).
    /// - Throws: also `invalidOption` for an id that is none or is in use, `notSupported` for one on a
    ///   socket without routing ids.
    package func connect(
        _ text: String, peerRoutingID: [UInt8]? = nil
    ) throws(SocketError) -> Connected {
        try checkOpen()
        let endpoint = try parse(text)
        if endpoint.scheme == .inproc {
            return try connectInproc(endpoint, peerRoutingID: peerRoutingID)
        }
        if endpoint.scheme == .udp {
            return Connected(endpoint: try openDatagrams(endpoint, bound: false), to: nil)
        }
        let transport = try transport(for: endpoint)
        do throws(TransportError) {
            try transport.checkDestination(endpoint)
        } catch {
            throw SocketError(error)
        }
        lock.lock()
        if connectsOnce, !indices(of: [endpoint.description], bound: false).isEmpty {
            lock.unlock()
            return Connected(endpoint: endpoint.description, to: nil)
        }
        let dialer = Dialer(
            engine: self, endpoint: endpoint, transport: transport, options: options,
            isRaw: pattern.isRaw)
        let connected: Connected
        do throws(SocketError) {
            guard state == .open else { throw closedError() }
            try check(peerRoutingID)
            guard
                let pipe = attachStreamPipe(
                    dialer: dialer, isRaw: dialer.isRaw, peerRoutingID: peerRoutingID)
            else {
                throw SocketError(
                    .invalidState, "the \(pattern.socketType) socket takes no more peers",
                    endpoint: text)
            }
            dialer.pipe = pipe
            connected = Connected(endpoint: endpoint.description, to: pipe)
        } catch {
            settleAndUnlock()
            throw error
        }
        endpoints.append(.dialling(endpoint: endpoint.description, dialer))
        lastEndpoint = endpoint.description
        settleAndUnlock()
        ioThread.post { dialer.dial() }
        return connected
    }

    /// Looks whether a peer may be known by an id that the user chose. Lock held.
    func check(_ peerRoutingID: [UInt8]?) throws(SocketError) {
        guard let id = peerRoutingID else { return }
        guard (1...255).contains(id.count), id[0] != 0 else {
            throw SocketError(
                .invalidOption, "a routing id is 1 to 255 bytes that do not begin with zero")
        }
        guard try !pattern.hasPeer(known: id) else {
            throw SocketError(
                .invalidOption, "the \(pattern.socketType) socket has a peer of that routing id")
        }
    }

    /// Takes no more connections at a bound endpoint, and ends those that it took.
    package func unbind(_ text: String) throws(SocketError) {
        try remove(text, bound: true)
    }

    /// Ends the connection to a connected endpoint; what was sent still goes, within LINGER.
    package func disconnect(_ text: String) throws(SocketError) {
        try remove(text, bound: false)
    }

    private func remove(_ text: String, bound: Bool) throws(SocketError) {
        try checkOpen()
        let endpoint = try parse(text)
        var records = takeRecords(of: [endpoint.description], bound: bound)
        if records.isEmpty, bound, let transport = transports[endpoint.scheme] {
            // Asked last, because it may look names up.
            records = takeRecords(
                of: transport.listenerNames(of: endpoint, options: linkOptions), bound: true)
        }
        guard !records.isEmpty else {
            throw SocketError(
                .invalidEndpoint,
                "the \(pattern.socketType) socket is not \(bound ? "bound" : "connected") there",
                endpoint: text, errno: ENOENT)
        }
        for record in records {
            take(down: record)
            if case .dialling(_, let dialer) = record { ioThread.post { dialer.takenBack() } }
        }
    }

    /// Takes the records of an endpoint off the list: all of them, where it was connected to more than
    /// once.
    private func takeRecords(of names: [String], bound: Bool) -> [EndpointRecord] {
        lock.lock()
        defer { settleAndUnlock() }
        return indices(of: names, bound: bound).reversed().map { endpoints.remove(at: $0) }
    }

    /// Lock held.
    private func indices(of names: [String], bound: Bool) -> [Int] {
        endpoints.indices.filter {
            endpoints[$0].isBound == bound && names.contains(endpoints[$0].endpoint)
        }
    }

    /// Whether a second connection to the same endpoint would be pointless: connecting again changes
    /// nothing then (the zmq_connect manual).
    private var connectsOnce: Bool {
        ["DEALER", "SUB", "PUB", "REQ"].contains(pattern.socketType)
    }

    /// Takes an endpoint down that is no longer on the list.
    func take(down record: EndpointRecord) {
        switch record {
        case .listening(_, let acceptor):
            // Waits: the endpoint is to be free when `unbind` or `close` returns.
            ioThread.runAndWait { [self] in
                let connections = acceptor.stop()
                lock.lock()
                for connection in connections {
                    if let pipe = connection.pipe { linger(pipe) }
                }
                settleAndUnlock()
            }
        case .dialling(_, let dialer):
            lock.lock()
            let pipe = dialer.pipe
            if let pipe { linger(pipe) }
            settleAndUnlock()
        case .datagrams(_, let port, _): close(port)
        case .inprocBound(_, let name):
            inproc.unbind(name, acceptor: self)
            lock.lock()
            for pipe in pipes {
                guard let pair = pipe.pointee.pair, pipe == pair.far, pair.boundName == name
                else { continue }
                detach(pipe)
            }
            settleAndUnlock()
        case .inprocConnected(_, let name, let connection):
            lock.lock()
            let waits = connection.pair.hasUnclaimed
            if let pipe = connection.pair.near, pipe.pointee.isAttached { detach(pipe) }
            let limit = waits ? options.lingerMilliseconds : 0
            settleAndUnlock()
            // What was sent to a name that nobody has bound yet waits for whoever does, within LINGER.
            if limit < 0 { return }
            // Behind the detaching: whoever lets the connection wait again looks whether it is attached.
            let withdraw: @Sendable () -> Void = { [inproc] in
                inproc.withdraw(name, connector: connection)
            }
            if limit == 0 {
                withdraw()
            } else {
                ioThread.post { [ioThread] in
                    _ = ioThread.addTimer(
                        afterNanoseconds: UInt64(limit) * 1_000_000, withdraw)
                }
            }
        }
    }
}
