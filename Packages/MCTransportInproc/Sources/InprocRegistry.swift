import MCLock
public import MCTransport

/// A socket that is bound to a name in the process.
public protocol InprocAcceptor: AnyObject, Sendable {}

/// A connection to a name in the process, perhaps one that nobody is bound to yet.
public protocol InprocConnector: AnyObject, Sendable {}

/// Who is bound to which name, and who waits for one: the whole of the `inproc://` transport but
/// for the pipes, which are the pool's.
///
/// A name belongs to a context; names of two contexts never meet. Connecting before binding is
/// allowed: the connector waits in the registry, and costs nothing but its entry.
///
/// - Thread rule: any thread.
public final class InprocRegistry: Sendable {
    private struct State {
        var acceptors: [String: any InprocAcceptor] = [:]
        var waiting: [String: [any InprocConnector]] = [:]
    }

    private let state = Locked<State>(State())

    public init() {}

    /// Takes a name.
    ///
    /// - Returns: the connectors that have waited for it, in order.
    /// - Throws: `addressInUse` when the name is taken, `invalidEndpoint` when it is empty.
    public func bind(
        _ name: String, acceptor: any InprocAcceptor
    ) throws(TransportError) -> [any InprocConnector] {
        guard !name.isEmpty else {
            throw TransportError(.invalidEndpoint, "the name is empty", endpoint: "inproc://")
        }
        let waiting: [any InprocConnector]? = state.withLock { state in
            guard state.acceptors[name] == nil else { return nil }
            state.acceptors[name] = acceptor
            return state.waiting.removeValue(forKey: name) ?? []
        }
        guard let waiting else {
            throw TransportError(
                .addressInUse, "the name is in use", endpoint: "inproc://\(name)")
        }
        return waiting
    }

    /// Finds who is bound to a name; when nobody is, the connector waits for it.
    public func connect(_ name: String, connector: any InprocConnector) -> (any InprocAcceptor)? {
        state.withLock { state in
            if let acceptor = state.acceptors[name] { return acceptor }
            state.waiting[name, default: []].append(connector)
            return nil
        }
    }

    /// Whether a name is the acceptor's.
    public func isBound(_ name: String, acceptor: any InprocAcceptor) -> Bool {
        state.withLock { $0.acceptors[name] === acceptor }
    }

    /// Frees a name, if it is the acceptor's.
    public func unbind(_ name: String, acceptor: any InprocAcceptor) {
        state.withLock { state in
            if state.acceptors[name] === acceptor { state.acceptors[name] = nil }
        }
    }

    /// A connector waits no longer.
    public func withdraw(_ name: String, connector: any InprocConnector) {
        state.withLock { state in
            guard var waiting = state.waiting[name] else { return }
            waiting.removeAll { $0 === connector }
            state.waiting[name] = waiting.isEmpty ? nil : waiting
        }
    }

    /// Nobody waits any longer, because nobody will be bound any more.
    ///
    /// - Returns: who waited. A connector may keep the registry, as its socket does.
    @discardableResult
    public func withdrawAll() -> [any InprocConnector] {
        state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap(\.self)
        }
    }

    /// Entries held, for tests.
    package var count: Int {
        state.withLock { $0.acceptors.count + $0.waiting.values.reduce(0) { $0 + $1.count } }
    }
}
