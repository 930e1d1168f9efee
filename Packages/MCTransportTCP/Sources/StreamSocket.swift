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

    /// Buffer sizes, and TCP_NODELAY: batching is the engine's business, above the kernel.
    static func apply(
        _ options: LinkOptions, to descriptor: Int32, _ family: SocketAddress.Family
    ) throws(Errno) {
        if let bytes = options.sendBufferBytes {
            try set(descriptor, CMC_NET_SEND_BUFFER, Int32(clamping: bytes))
        }
        if let bytes = options.receiveBufferBytes {
            try set(descriptor, CMC_NET_RECEIVE_BUFFER, Int32(clamping: bytes))
        }
        if family != .unix { try set(descriptor, CMC_NET_NO_DELAY, 1) }
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
