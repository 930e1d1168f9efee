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
    case inprocBound(endpoint: String, name: String)
    case inprocConnected(endpoint: String, name: String, InprocConnection)

    var endpoint: String {
        switch self {
        case .listening(let endpoint, _), .dialling(let endpoint, _),
            .inprocBound(let endpoint, _), .inprocConnected(let endpoint, _, _):
            endpoint
        }
    }

    var isBound: Bool {
        switch self {
        case .listening, .inprocBound: true
        case .dialling, .inprocConnected: false
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

    private func checkOpen() throws(SocketError) {
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
    package func connect(_ text: String) throws(SocketError) -> String {
        try checkOpen()
        let endpoint = try parse(text)
        if endpoint.scheme == .inproc { return try connectInproc(endpoint) }
        let transport = try transport(for: endpoint)
        do throws(TransportError) {
            try transport.checkDestination(endpoint)
        } catch {
            throw SocketError(error)
        }
        let options = optionsSnapshot
        let dialer = Dialer(
            engine: self, endpoint: endpoint, transport: transport, options: options)
        lock.lock()
        guard state == .open else {
            lock.unlock()
            throw closedError()
        }
        if connectsOnce, !indices(of: [endpoint.description], bound: false).isEmpty {
            lock.unlock()
            return endpoint.description
        }
        guard let pipe = attachStreamPipe(dialer: dialer) else {
            settleAndUnlock()
            throw SocketError(
                .invalidState, "the \(pattern.socketType) socket takes no more peers",
                endpoint: text)
        }
        dialer.pipe = pipe
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
            if let pipe = connection.pair.near, pipe.pointee.isAttached { detach(pipe) }
            settleAndUnlock()
            // Behind that: whoever lets the connection wait again looks whether it is attached.
            inproc.withdraw(name, connector: connection)
        }
    }
}
