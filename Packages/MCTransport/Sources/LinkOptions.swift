/// What a listener and its links, or a connecting link, are made with.
public struct LinkOptions: Sendable, Hashable {
    /// The kernel's send buffer (SO_SNDBUF; ZMQ_SNDBUF), nil for the system's own choice. Set
    /// before the handshake, because TCP's window scale is settled there.
    public var sendBufferBytes: Int?
    /// The kernel's receive buffer (SO_RCVBUF; ZMQ_RCVBUF), nil for the system's own choice.
    public var receiveBufferBytes: Int?
    /// How many connections may wait to be accepted (ZMQ_BACKLOG), as far as the system's own limit
    /// allows (somaxconn).
    public var backlog: Int
    /// Whether IPv6 is wanted where the endpoint leaves it open (ZMQ_IPV6): `*` then means `[::]`,
    /// which takes IPv4 connections too, and a name's addresses keep the resolver's order. When
    /// false, `*` means `0.0.0.0` and a name's IPv4 addresses are tried first. An IPv6 number works
    /// either way.
    public var ipv6: Bool
    /// TCP's own probes of silent connections (SO_KEEPALIVE; ZMQ_TCP_KEEPALIVE), nil for the system's
    /// choice; and how many go unanswered, after how many seconds, how many seconds apart.
    public var keepAlive: Bool?
    public var keepAliveCount: Int?
    public var keepAliveIdleSeconds: Int?
    public var keepAliveIntervalSeconds: Int?
    /// How long sent bytes of TCP may stay unacknowledged, or unsent because the peer takes none,
    /// before the connection is given up (TCP_USER_TIMEOUT; ZMQ_TCP_MAXRT), nil for the system's
    /// choice.
    public var unacknowledgedMilliseconds: Int?
    /// How much TCP takes from us beyond what the peer has room for (TCP_NOTSENT_LOWAT), nil for as much as
    /// its buffer holds.
    public var unsentBytes: Int?
    /// The type of service, or traffic class, of packets (ZMQ_TOS).
    public var typeOfService = 0
    /// The priority of TCP's packets on this host's network devices (SO_PRIORITY; ZMQ_PRIORITY), 0 for
    /// what the type of service makes it.
    public var packetPriority = 0
    /// How many routers a multicast datagram passes (ZMQ_MULTICAST_HOPS).
    public var multicastHops = 1
    /// Whether this host's own members of the group get multicast datagrams, too (ZMQ_MULTICAST_LOOP).
    public var multicastLoops = true
    /// The network interface that alone is used (SO_BINDTODEVICE; ZMQ_BINDTODEVICE); empty for any.
    public var device = ""
    /// The proxy that makes TCP connections for us (ZMQ_SOCKS_PROXY), empty for none; and who we are to
    /// it (ZMQ_SOCKS_USERNAME, ZMQ_SOCKS_PASSWORD).
    public var proxyAddress = ""
    public var proxyUsername = ""
    public var proxyPassword = ""
    /// Whose connections are accepted.
    public var filter = PeerFilter()

    /// Makes options; the defaults are libzmq's, but for the backlog. libzmq's is 100, and a peer
    /// that comes when so many wait is put off: for a second by TCP, which repeats its SYN then, for
    /// RECONNECT_IVL by a unix socket. A thousand peers that come at once should not wait so long.
    public init(
        sendBufferBytes: Int? = nil, receiveBufferBytes: Int? = nil, backlog: Int = 4096,
        ipv6: Bool = false
    ) {
        self.sendBufferBytes = sendBufferBytes
        self.receiveBufferBytes = receiveBufferBytes
        self.backlog = backlog
        self.ipv6 = ipv6
    }

    /// The proxy, if there is one.
    /// - Throws: ``TransportError/Code/invalidEndpoint``.
    public func proxy() throws(TransportError) -> SOCKSProxy? {
        guard !proxyAddress.isEmpty else { return nil }
        return try SOCKSProxy(
            address: proxyAddress, username: proxyUsername, password: proxyPassword)
    }
}
