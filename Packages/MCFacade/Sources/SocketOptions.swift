import MCPool

/// The options of a socket, with libzmq's defaults. Set them when the socket is made, or later
/// through its `options`: timeouts take effect at the next call, high-water marks and LINGER at
/// once, the others with the next connection or handshake.
///
/// Times are in milliseconds, sizes in bytes; -1 means "no limit", "for ever", or "as the system
/// has it".
public struct SocketOptions: Sendable, Equatable {
    /// Messages that may wait for one peer before sending blocks or drops (ZMQ_SNDHWM). 0: no limit.
    public var sendHighWaterMark = 1000
    /// Messages of one peer that may wait to be received before reading stops (ZMQ_RCVHWM). 0: no
    /// limit.
    public var receiveHighWaterMark = 1000
    /// How long a send waits for room (ZMQ_SNDTIMEO). 0: not at all; -1: for ever.
    public var sendTimeoutMilliseconds = -1
    /// How long a receive waits for a message (ZMQ_RCVTIMEO). 0: not at all; -1: for ever.
    public var receiveTimeoutMilliseconds = -1
    /// How long what was sent may take to leave after the socket, or an endpoint of it, is closed
    /// (ZMQ_LINGER). 0: it is dropped; -1: for ever.
    public var lingerMilliseconds = -1
    /// The pause before a lost or refused connection is dialled again (ZMQ_RECONNECT_IVL). -1: it
    /// is not.
    public var reconnectIntervalMilliseconds = 100
    /// The longest pause, which doubles each time, between attempts (ZMQ_RECONNECT_IVL_MAX). 0: it
    /// stays as it is.
    public var reconnectIntervalMaxMilliseconds = 0
    /// The kernel's send buffer (ZMQ_SNDBUF).
    public var sendBufferBytes = -1
    /// The kernel's receive buffer (ZMQ_RCVBUF).
    public var receiveBufferBytes = -1
    /// The largest frame that a peer may send; a larger one ends its connection (ZMQ_MAXMSGSIZE).
    public var maximumMessageBytes = -1
    /// How peers with a ROUTER know this socket, up to 255 bytes that do not begin with zero
    /// (ZMQ_ROUTING_ID). Empty: the peer makes one up.
    public var routingID: [UInt8] = []
    /// A PING is sent after so long (ZMQ_HEARTBEAT_IVL). 0: never.
    public var heartbeatIntervalMilliseconds = 0
    /// How long the peer may wait for news of us, told with each PING, in steps of 100 ms
    /// (ZMQ_HEARTBEAT_TTL). 0: as long as it likes.
    public var heartbeatTTLMilliseconds = 0
    /// How long the answer to a PING may take before the connection is given up
    /// (ZMQ_HEARTBEAT_TIMEOUT). -1: as long as the interval.
    public var heartbeatTimeoutMilliseconds = -1
    /// How long a connection may take to shake hands (ZMQ_HANDSHAKE_IVL). 0: as long as it likes.
    public var handshakeIntervalMilliseconds = 30_000
    /// How long a thread that waits for a message, or for room, looks on before it sleeps, in
    /// microseconds. It saves the time that sleeping and waking takes, and costs a processor
    /// meanwhile. 0: not at all; -1: a little with peers in this process, as long as it pays off, and
    /// not at all with others. Without effect where there is one processor.
    public var spinMicroseconds = -1

    public init() {}

    /// - Throws: `invalidOption`, naming the option and the value.
    func check() throws(SocketError) {
        try check("sendHighWaterMark", sendHighWaterMark, from: 0)
        try check("receiveHighWaterMark", receiveHighWaterMark, from: 0)
        try check("sendTimeoutMilliseconds", sendTimeoutMilliseconds, from: -1)
        try check("receiveTimeoutMilliseconds", receiveTimeoutMilliseconds, from: -1)
        try check("lingerMilliseconds", lingerMilliseconds, from: -1)
        try check("reconnectIntervalMilliseconds", reconnectIntervalMilliseconds, from: -1)
        try check("reconnectIntervalMaxMilliseconds", reconnectIntervalMaxMilliseconds, from: 0)
        try check("sendBufferBytes", sendBufferBytes, from: -1)
        try check("receiveBufferBytes", receiveBufferBytes, from: -1)
        try check("maximumMessageBytes", maximumMessageBytes, from: -1, to: Int.max)
        try check("heartbeatIntervalMilliseconds", heartbeatIntervalMilliseconds, from: 0)
        // The wire has tenths of a second in 16 bits (RFC 37).
        try check("heartbeatTTLMilliseconds", heartbeatTTLMilliseconds, from: 0, to: 6_553_599)
        try check("heartbeatTimeoutMilliseconds", heartbeatTimeoutMilliseconds, from: -1)
        try check("handshakeIntervalMilliseconds", handshakeIntervalMilliseconds, from: 0)
        try check("spinMicroseconds", spinMicroseconds, from: -1, to: 1_000_000)
        guard routingID.count <= 255 else {
            throw SocketError(
                .invalidOption, "routingID has \(routingID.count) bytes, at most 255 are allowed")
        }
        guard routingID.first != 0 else {
            throw SocketError(
                .invalidOption, "routingID begins with a zero byte, which is for generated ids")
        }
    }

    private func check(
        _ name: String, _ value: Int, from low: Int, to high: Int = Int(Int32.max)
    ) throws(SocketError) {
        guard value >= low && value <= high else {
            throw SocketError(
                .invalidOption, "\(name) is \(value), and must be between \(low) and \(high)")
        }
    }
}

// MARK: - The engine's form

extension SocketOptions {
    var engineOptions: EngineOptions {
        var engine = EngineOptions()
        apply(to: &engine)
        return engine
    }

    func apply(to engine: inout EngineOptions) {
        engine.sendHighWaterMark = sendHighWaterMark
        engine.receiveHighWaterMark = receiveHighWaterMark
        engine.sendTimeoutMilliseconds = sendTimeoutMilliseconds
        engine.receiveTimeoutMilliseconds = receiveTimeoutMilliseconds
        engine.lingerMilliseconds = lingerMilliseconds
        engine.reconnectIntervalMilliseconds = reconnectIntervalMilliseconds
        engine.reconnectIntervalMaxMilliseconds = reconnectIntervalMaxMilliseconds
        engine.sendBufferBytes = sendBufferBytes
        engine.receiveBufferBytes = receiveBufferBytes
        engine.maximumMessageBytes = maximumMessageBytes
        engine.routingID = routingID
        engine.heartbeatIntervalMilliseconds = heartbeatIntervalMilliseconds
        engine.heartbeatTTLMilliseconds = heartbeatTTLMilliseconds
        engine.heartbeatTimeoutMilliseconds = heartbeatTimeoutMilliseconds
        engine.handshakeIntervalMilliseconds = handshakeIntervalMilliseconds
        engine.spinMicroseconds = spinMicroseconds
    }

    init(_ engine: EngineOptions) {
        sendHighWaterMark = engine.sendHighWaterMark
        receiveHighWaterMark = engine.receiveHighWaterMark
        sendTimeoutMilliseconds = engine.sendTimeoutMilliseconds
        receiveTimeoutMilliseconds = engine.receiveTimeoutMilliseconds
        lingerMilliseconds = engine.lingerMilliseconds
        reconnectIntervalMilliseconds = engine.reconnectIntervalMilliseconds
        reconnectIntervalMaxMilliseconds = engine.reconnectIntervalMaxMilliseconds
        sendBufferBytes = engine.sendBufferBytes
        receiveBufferBytes = engine.receiveBufferBytes
        maximumMessageBytes = engine.maximumMessageBytes
        routingID = engine.routingID
        heartbeatIntervalMilliseconds = engine.heartbeatIntervalMilliseconds
        heartbeatTTLMilliseconds = engine.heartbeatTTLMilliseconds
        heartbeatTimeoutMilliseconds = engine.heartbeatTimeoutMilliseconds
        handshakeIntervalMilliseconds = engine.handshakeIntervalMilliseconds
        spinMicroseconds = engine.spinMicroseconds
    }
}
