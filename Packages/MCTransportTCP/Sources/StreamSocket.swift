import CMCLinux
import Glibc
import MCTransport

/// A socket before it is a link or a listener: options, bind, listen, connect.
///
/// Owns its descriptor; a step that throws closes it with the value. Safe because the shim borrows
/// the address's bytes until it returns.
struct StreamSocket: ~Copyable {
    let descriptor: OwnedDescriptor

    /// Makes a socket with the options that count before the handshake.
    init(_ family: SocketAddress.Family, _ options: LinkOptions) throws(Errno) {
        let made = OwnedDescriptor(owning: try Self.check(cmc_net_socket(family.rawValue)))
        try Self.apply(options, to: made.number, family)
        descriptor = made
    }

    /// Takes ownership of a socket that has been set up elsewhere.
    init(owning number: Int32) { descriptor = OwnedDescriptor(owning: number) }

    /// Options that links have from the beginning, accepted ones as well. TCP_NODELAY always: batching
    /// is the engine's business, above the kernel.
    static func apply(
        _ options: LinkOptions, to descriptor: Int32, _ family: SocketAddress.Family
    ) throws(Errno) {
        if let bytes = options.sendBufferBytes {
            try set(descriptor, CMC_NET_SEND_BUFFER, Int32(clamping: bytes))
        }
        if let bytes = options.receiveBufferBytes {
            try set(descriptor, CMC_NET_RECEIVE_BUFFER, Int32(clamping: bytes))
        }
        if family != .unix { try applyTCP(options, to: descriptor, family) }
    }

    private static func applyTCP(
        _ options: LinkOptions, to descriptor: Int32, _ family: SocketAddress.Family
    ) throws(Errno) {
        try set(descriptor, CMC_NET_NO_DELAY, 1)
        let wanted: [(Int32, Int?)] = [
            (CMC_NET_UNSENT, options.unsentBytes),
            (CMC_NET_KEEP_ALIVE, options.keepAlive.map { $0 ? 1 : 0 }),
            (CMC_NET_KEEP_ALIVE_COUNT, options.keepAliveCount),
            (CMC_NET_KEEP_ALIVE_IDLE, options.keepAliveIdleSeconds),
            (CMC_NET_KEEP_ALIVE_INTERVAL, options.keepAliveIntervalSeconds),
            (CMC_NET_USER_TIMEOUT, options.unacknowledgedMilliseconds),
        ]
        for (option, value) in wanted {
            if let value { try set(descriptor, option, Int32(clamping: value)) }
        }
        if options.typeOfService != 0 {
            let option = family == .ipv6 ? CMC_NET_TRAFFIC_CLASS : CMC_NET_TYPE_OF_SERVICE
            try set(descriptor, option, Int32(clamping: options.typeOfService))
            // Which also serves IPv4 peers.
            if family == .ipv6 {
                try? set(
                    descriptor, CMC_NET_TYPE_OF_SERVICE, Int32(clamping: options.typeOfService))
            }
        }
        // After the type of service, which sets it, too.
        if options.packetPriority != 0 {
            try set(descriptor, CMC_NET_PRIORITY, Int32(clamping: options.packetPriority))
        }
        if !options.device.isEmpty {
            let name = options.device.utf8CString
            try check(
                unsafe cmc_net_bind_to_device(
                    descriptor, Array(name), UInt32(options.device.utf8.count)))
        }
    }

    /// SO_REUSEADDR: a port whose old connections are in TIME_WAIT can be bound again.
    func allowReuse() throws(Errno) { try Self.set(descriptor.number, CMC_NET_REUSE_ADDRESS, 1) }

    /// Lets an IPv6 socket take IPv4 as well, whatever the system's default.
    func acceptIPv4AsWell() throws(Errno) {
        try Self.set(descriptor.number, CMC_NET_IPV6_ONLY, 0)
    }

    func bind(_ address: SocketAddress) throws(Errno) {
        let number = descriptor.number
        try unsafe Self.check(cmc_net_bind(number, address.bytes, UInt32(address.bytes.count)))
    }

    func listen(backlog: Int) throws(Errno) {
        try Self.check(cmc_net_listen(descriptor.number, Int32(clamping: backlog)))
    }

    /// Starts to connect. True when it has ended already.
    @discardableResult
    func connect(_ address: SocketAddress) throws(Errno) -> Bool {
        let number = descriptor.number
        let n = unsafe cmc_net_connect(number, address.bytes, UInt32(address.bytes.count))
        if n == -EINPROGRESS { return false }
        try Self.check(n)
        return true
    }

    private static func set(_ descriptor: Int32, _ option: Int32, _ value: Int32) throws(Errno) {
        try check(cmc_net_set_option(descriptor, option, value))
    }

    @discardableResult
    private static func check(_ result: Int32) throws(Errno) -> Int32 {
        guard result >= 0 else { throw Errno(number: -result) }
        return result
    }
}
