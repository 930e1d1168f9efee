import MCPool
import MCTransport

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
    /// Bytes that this end may hold for one peer before sending blocks or drops, whatever their number:
    /// those that wait, and the kernel's send buffer, which is sized accordingly unless
    /// `sendBufferBytes` is set. The bound is this and one message; the kernel itself takes 5 KB or so
    /// at least, and from 32 MiB on it keeps its own limits (tcp(7)). In process, the bytes of both
    /// sockets add up. 0: not counted.
    public var sendHighWaterBytes = 0
    /// Bytes of one peer that a socket which does not receive takes in, counted as for sending: what
    /// waits to be received, what has been read, and the kernel's receive buffer, unless
    /// `receiveBufferBytes` is set. Less than 16 KiB is not read at once, and over `ipc://` the kernel
    /// knows only the sender's buffer. The bound is this and one message, see `maximumMessageBytes`; a
    /// frame counts as 64 bytes at least. 0: not counted.
    public var receiveHighWaterBytes = 0
    /// How long a send waits for room (ZMQ_SNDTIMEO). 0: not at all; -1: for ever.
    public var sendTimeoutMilliseconds = -1
    /// How long a receive waits for a message (ZMQ_RCVTIMEO). 0: not at all; -1: for ever.
    public var receiveTimeoutMilliseconds = -1
    /// How long what was sent may take to leave after the socket, or an endpoint of it, is closed
    /// (ZMQ_LINGER). 0: it is dropped; -1: for ever.
    public var lingerMilliseconds = -1
    /// The pause before a lost or refused connection is dialled again (ZMQ_RECONNECT_IVL). -1: it
    /// is not, and its endpoint is off the socket.
    public var reconnectIntervalMilliseconds = 100
    /// The longest pause, which doubles each time, between attempts (ZMQ_RECONNECT_IVL_MAX). 0: it
    /// stays as it is.
    public var reconnectIntervalMaxMilliseconds = 0
    /// When a connection is not dialled again (ZMQ_RECONNECT_STOP). Of endpoints that are connected
    /// later.
    public var reconnectStop: ReconnectStop = []
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

    /// What peers are told of this socket in the handshake, and can read from its messages
    /// (ZMQ_METADATA): names that begin with `X-`, of letters, digits, `-`, `_`, `.` and `+`.
    public var metadata: [String: String] = [:]
    /// Only the last message of each peer, and to each peer, is kept: a newer one takes its place
    /// (ZMQ_CONFLATE). For PUSH, PULL, PUB, SUB and DEALER, without high-water marks; others ignore it. Set
    /// it before connecting and binding.
    public var conflates = false
    /// Which of the context's I/O threads may help the socket: bit n for the n-th (ZMQ_AFFINITY). 0: all.
    /// Read when the socket is made.
    public var affinity: UInt64 = 0
    /// How long dialling one address may take (ZMQ_CONNECT_TIMEOUT). 0: 15 seconds.
    public var connectTimeoutMilliseconds = 0
    /// How many connections may wait to be accepted, as far as the system lets them (ZMQ_BACKLOG).
    public var backlog = 4096
    /// Whether `*` and names mean IPv6 as well (ZMQ_IPV6). Numbers say it themselves.
    public var ipv6 = false
    /// TCP's own probes of silent connections (ZMQ_TCP_KEEPALIVE). 1: on; 0: off; -1: as the system has
    /// it. Heartbeats tell more, and sooner.
    public var tcpKeepAlive = -1
    /// How many probes may go unanswered (ZMQ_TCP_KEEPALIVE_CNT).
    public var tcpKeepAliveCount = -1
    /// After how many seconds of silence the first is sent (ZMQ_TCP_KEEPALIVE_IDLE).
    public var tcpKeepAliveIdleSeconds = -1
    /// How many seconds apart they are (ZMQ_TCP_KEEPALIVE_INTVL).
    public var tcpKeepAliveIntervalSeconds = -1
    /// How long TCP tries to get bytes to the peer before it gives the connection up (ZMQ_TCP_MAXRT).
    /// 0: as the system has it.
    public var tcpMaximumRetransmitMilliseconds = 0
    /// The type of service, or traffic class, of IP packets, 0 to 255 (ZMQ_TOS).
    public var typeOfService = 0
    /// The priority of packets on this host's network devices (ZMQ_PRIORITY). 0: what the type of service
    /// makes it; above 6 it needs a privilege.
    public var packetPriority = 0
    /// How many routers a multicast datagram passes (ZMQ_MULTICAST_HOPS), 1 to 255.
    public var multicastHops = 1
    /// Whether members of the group on this host get multicast datagrams, too (ZMQ_MULTICAST_LOOP).
    public var multicastLoops = true
    /// The network interface that alone is used (ZMQ_BINDTODEVICE). Empty: any.
    public var device = ""
    /// The SOCKS5 proxy, `host:port`, that makes this socket's TCP connections (ZMQ_SOCKS_PROXY). Names
    /// of endpoints go to it as they are. Empty: none.
    public var socksProxy = ""
    /// Who the socket is to the proxy, up to 255 bytes each (ZMQ_SOCKS_USERNAME, ZMQ_SOCKS_PASSWORD,
    /// RFC 1929). An empty name: it does not say.
    public var socksUsername = ""
    public var socksPassword = ""
    /// Where TCP peers may come from, as numbers or ranges of them: `192.0.2.7`, `10.0.0.0/8`, `::1`
    /// (ZMQ_TCP_ACCEPT_FILTER). Of endpoints that are bound later; empty: from anywhere.
    public var tcpAcceptFilters: [String] = []
    /// The processes, users and groups, by number, that may connect over `ipc://`
    /// (ZMQ_IPC_FILTER_PID, ZMQ_IPC_FILTER_UID, ZMQ_IPC_FILTER_GID). Who is in one of the three is
    /// accepted. Of endpoints that are bound later; all empty: everybody.
    public var ipcFilterProcessIDs: Set<Int32> = []
    public var ipcFilterUserIDs: Set<UInt32> = []
    public var ipcFilterGroupIDs: Set<UInt32> = []

    public init() {}

    /// - Throws: `invalidOption`, naming the option and the value.
    func check() throws(SocketError) {
        try check("sendHighWaterMark", sendHighWaterMark, from: 0)
        try check("receiveHighWaterMark", receiveHighWaterMark, from: 0)
        try check("sendHighWaterBytes", sendHighWaterBytes, from: 0, to: 1 << 60)
        try check("receiveHighWaterBytes", receiveHighWaterBytes, from: 0, to: 1 << 60)
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
        try check("connectTimeoutMilliseconds", connectTimeoutMilliseconds, from: 0)
        try check("backlog", backlog, from: 0)
        try check("tcpKeepAlive", tcpKeepAlive, from: -1, to: 1)
        // tcp(7) has these in 16 bits, and none of 0.
        try checkKeepAlive("tcpKeepAliveCount", tcpKeepAliveCount, to: 127)
        try checkKeepAlive("tcpKeepAliveIdleSeconds", tcpKeepAliveIdleSeconds, to: 32_767)
        try checkKeepAlive("tcpKeepAliveIntervalSeconds", tcpKeepAliveIntervalSeconds, to: 32_767)
        try check("tcpMaximumRetransmitMilliseconds", tcpMaximumRetransmitMilliseconds, from: 0)
        try check("typeOfService", typeOfService, from: 0, to: 255)
        try check("packetPriority", packetPriority, from: 0)
        try check("multicastHops", multicastHops, from: 1, to: 255)
        // IFNAMSIZ, less the zero byte.
        guard device.utf8.count <= 15, !device.utf8.contains(0) else {
            throw SocketError(.invalidOption, "device is no name of a network interface")
        }
        guard !reconnectStop.isUnknown else {
            throw SocketError(
                .invalidOption, "reconnectStop has unknown bits: \(reconnectStop.rawValue)")
        }
        try checkFilters()
        try checkMetadata()
        try checkProxy()
        guard routingID.count <= 255 else {
            throw SocketError(
                .invalidOption, "routingID has \(routingID.count) bytes, at most 255 are allowed")
        }
        guard routingID.first != 0 else {
            throw SocketError(
                .invalidOption, "routingID begins with a zero byte, which is for generated ids")
        }
    }

    private func checkKeepAlive(
        _ name: String, _ value: Int, to high: Int
    ) throws(SocketError) {
        if value != -1 { try check(name, value, from: 1, to: high) }
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
        engine.sendHighWaterBytes = sendHighWaterBytes
        engine.receiveHighWaterBytes = receiveHighWaterBytes
        engine.sendTimeoutMilliseconds = sendTimeoutMilliseconds
        engine.receiveTimeoutMilliseconds = receiveTimeoutMilliseconds
        engine.lingerMilliseconds = lingerMilliseconds
        engine.reconnectIntervalMilliseconds = reconnectIntervalMilliseconds
        engine.reconnectIntervalMaxMilliseconds = reconnectIntervalMaxMilliseconds
        engine.reconnectStop = reconnectStop
        engine.sendBufferBytes = sendBufferBytes
        engine.receiveBufferBytes = receiveBufferBytes
        engine.maximumMessageBytes = maximumMessageBytes
        engine.routingID = routingID
        engine.heartbeatIntervalMilliseconds = heartbeatIntervalMilliseconds
        engine.heartbeatTTLMilliseconds = heartbeatTTLMilliseconds
        engine.heartbeatTimeoutMilliseconds = heartbeatTimeoutMilliseconds
        engine.handshakeIntervalMilliseconds = handshakeIntervalMilliseconds
        engine.spinMicroseconds = spinMicroseconds
        engine.metadata = metadata
        engine.conflates = conflates
        engine.affinity = affinity
        engine.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        engine.link.backlog = backlog
        engine.link.ipv6 = ipv6
        engine.link.keepAlive = tcpKeepAlive < 0 ? nil : tcpKeepAlive == 1
        engine.link.keepAliveCount = known(tcpKeepAliveCount)
        engine.link.keepAliveIdleSeconds = known(tcpKeepAliveIdleSeconds)
        engine.link.keepAliveIntervalSeconds = known(tcpKeepAliveIntervalSeconds)
        engine.link.unacknowledgedMilliseconds =
            tcpMaximumRetransmitMilliseconds == 0 ? nil : tcpMaximumRetransmitMilliseconds
        engine.link.typeOfService = typeOfService
        engine.link.packetPriority = packetPriority
        engine.link.device = device
        engine.link.filter = filter
        engine.link.proxyAddress = socksProxy
        engine.link.proxyUsername = socksUsername
        engine.link.proxyPassword = socksPassword
        engine.link.multicastHops = multicastHops
        engine.link.multicastLoops = multicastLoops
    }

    /// -1 is the system's choice.
    private func known(_ value: Int) -> Int? { value < 0 ? nil : value }

    init(_ engine: EngineOptions) {
        sendHighWaterMark = engine.sendHighWaterMark
        receiveHighWaterMark = engine.receiveHighWaterMark
        sendHighWaterBytes = engine.sendHighWaterBytes
        receiveHighWaterBytes = engine.receiveHighWaterBytes
        sendTimeoutMilliseconds = engine.sendTimeoutMilliseconds
        receiveTimeoutMilliseconds = engine.receiveTimeoutMilliseconds
        lingerMilliseconds = engine.lingerMilliseconds
        reconnectIntervalMilliseconds = engine.reconnectIntervalMilliseconds
        reconnectIntervalMaxMilliseconds = engine.reconnectIntervalMaxMilliseconds
        reconnectStop = engine.reconnectStop
        sendBufferBytes = engine.sendBufferBytes
        receiveBufferBytes = engine.receiveBufferBytes
        maximumMessageBytes = engine.maximumMessageBytes
        routingID = engine.routingID
        heartbeatIntervalMilliseconds = engine.heartbeatIntervalMilliseconds
        heartbeatTTLMilliseconds = engine.heartbeatTTLMilliseconds
        heartbeatTimeoutMilliseconds = engine.heartbeatTimeoutMilliseconds
        handshakeIntervalMilliseconds = engine.handshakeIntervalMilliseconds
        spinMicroseconds = engine.spinMicroseconds
        metadata = engine.metadata
        conflates = engine.conflates
        affinity = engine.affinity
        connectTimeoutMilliseconds = engine.connectTimeoutMilliseconds
        backlog = engine.link.backlog
        ipv6 = engine.link.ipv6
        tcpKeepAlive = engine.link.keepAlive.map { $0 ? 1 : 0 } ?? -1
        tcpKeepAliveCount = engine.link.keepAliveCount ?? -1
        tcpKeepAliveIdleSeconds = engine.link.keepAliveIdleSeconds ?? -1
        tcpKeepAliveIntervalSeconds = engine.link.keepAliveIntervalSeconds ?? -1
        tcpMaximumRetransmitMilliseconds = engine.link.unacknowledgedMilliseconds ?? 0
        typeOfService = engine.link.typeOfService
        packetPriority = engine.link.packetPriority
        device = engine.link.device
        readFilter(engine.link.filter)
        socksProxy = engine.link.proxyAddress
        socksUsername = engine.link.proxyUsername
        socksPassword = engine.link.proxyPassword
        multicastHops = engine.link.multicastHops
        multicastLoops = engine.link.multicastLoops
    }
}
