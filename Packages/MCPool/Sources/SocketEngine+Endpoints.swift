import CMCLinux
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
        link.sendBufferBytes = options.sendBufferBytes < 0 ? nil : options.sendBufferBytes
        link.receiveBufferBytes =
            options.receiveBufferBytes < 0 ? nil : options.receiveBufferBytes
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
    /// - Returns: the real endpoint, with the port that `*` or 0 became.
    package func bind(_ text: String) throws(SocketError) -> String {
        try checkOpen()
        let endpoint = try parse(text)
        if endpoint.scheme == .inproc { return try bindInproc(endpoint) }
        if endpoint.scheme == .udp { return try openDatagrams(endpoint, bound: true) }
        let listener: any StreamListener
        let transport = try transport(for: endpoint)
        do throws(TransportError) {
            listener = try transport.listen(on: endpoint, options: linkOptions)
        } catch {
            let error = SocketError(error)
            note(
                .bindFailed, endpoint.description, value: Int(error.errno), because: error)
            throw error
        }
        let acceptor = Acceptor(engine: self, listener: listener)
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
        note(.listening, real, value: Int(listener.descriptor))
        ioThread.post { acceptor.start() }
        return real
    }

    /// Connects to an endpoint, now or when its peer appears, again whenever the peer goes away.
    ///
    /// - Parameter attached: is given the endpoint's pipe, with the lock held.
    package func connect(
        _ text: String, attached: ((Pipe) -> Void)? = nil
    ) throws(SocketError) -> String {
        try checkOpen()
        let endpoint = try parse(text)
        if endpoint.scheme == .inproc {
            return try connectInproc(endpoint, attached: attached)
        }
        if endpoint.scheme == .udp { return try openDatagrams(endpoint, bound: false) }
        let transport = try transport(for: endpoint)
        let options = optionsSnapshot
        let dialer = Dialer(
            engine: self, endpoint: endpoint, transport: transport, options: options)
        lock.lock()
        guard state == .open else {
            lock.unlock()
            throw closedError()
        }
        guard let pipe = attachStreamPipe(dialer: dialer) else {
            settleAndUnlock()
            throw SocketError(
                .invalidState, "the \(pattern.socketType) socket takes no more peers",
                endpoint: text)
        }
        dialer.pipe = pipe
        attached?(pipe)
        endpoints.append(.dialling(endpoint: endpoint.description, dialer))
        lastEndpoint = endpoint.description
        settleAndUnlock()
        ioThread.post { dialer.dial() }
        return endpoint.description
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
        let name = try parse(text).description
        lock.lock()
        guard let index = endpoints.lastIndex(where: { $0.endpoint == name && $0.isBound == bound })
        else {
            lock.unlock()
            throw SocketError(
                .invalidEndpoint,
                "the \(pattern.socketType) socket is not \(bound ? "bound" : "connected") there",
                endpoint: text)
        }
        let record = endpoints.remove(at: index)
        settleAndUnlock()
        take(down: record)
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
