import CMCLinux
import Glibc
import MCTransport

/// A link over a socket, for both transports.
///
/// Budget: one system call per read and per write, no allocation, one relaxed load.
final class SocketLink: StreamLink {
    private let socket: OwnedDescriptor
    private let family: SocketAddress.Family
    let peer: String

    /// Takes ownership of a connecting socket.
    init(_ socket: consuming StreamSocket, _ family: SocketAddress.Family, peer: String) {
        self.socket = socket.descriptor
        self.family = family
        self.peer = peer
    }

    /// Takes ownership of an accepted descriptor.
    init(
        owning descriptor: consuming OwnedDescriptor, _ family: SocketAddress.Family, peer: String
    ) {
        self.socket = descriptor
        self.family = family
        self.peer = peer
    }

    var descriptor: Int32 { socket.number }

    var ends: LinkEnds {
        guard isIntact else { return LinkEnds() }
        return LinkEnds(
            local: text(try? SocketAddress(localOf: descriptor)) ?? "",
            // One that has gone has no address any more.
            remote: text(try? SocketAddress(peerOf: descriptor)) ?? peer)
    }

    private func text(_ address: SocketAddress?) -> String? {
        guard let address else { return nil }
        if family == .unix { return "ipc://\(address.path ?? "")" }
        return address.text.map { "tcp://\($0)" }
    }

    var peerHost: String {
        guard family == .unix else {
            guard let text = try? SocketAddress(peerOf: descriptor).text else { return "" }
            // Without the port, and without the brackets around an IPv6 number.
            return String(text[..<(text.lastIndex(of: ":") ?? text.endIndex)])
                .filter { $0 != "[" && $0 != "]" }
        }
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        // Safe because the three numbers are written before the call returns.
        guard unsafe cmc_net_peer_credentials(descriptor, &process, &user, &group) == 0 else {
            return ""
        }
        return ":\(user):\(group):\(process)"
    }

    var isIntact: Bool { socket.isIntact }

    func finishConnect() throws(TransportError) {
        var errno = -cmc_net_connect_result(descriptor)
        if errno == 0, family != .unix {
            // A connection to itself would take the place of the listener that is to come back on
            // that port, and talk to itself: nobody listens there, which is a refusal.
            let itself = cmc_net_is_connected_to_itself(descriptor)
            errno = itself == 1 ? ECONNREFUSED : itself < 0 ? -itself : 0
        }
        guard errno == 0 else { throw .system(errno, cannot: "connect to", peer) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> LinkResult {
        unsafe SocketIO.read(descriptor, into: buffer)
    }

    func write(_ vectors: UnsafePointer<iovec>, count: Int) -> LinkResult {
        unsafe SocketIO.write(descriptor, vectors, count: count)
    }

    // The result does not matter: a link that is not connected any more has nothing to shut.
    func shutdownWrite() {
        if isIntact { _ = cmc_shutdown_write(descriptor) }
    }

    func shutdown() {
        if isIntact { _ = cmc_shutdown_both(descriptor) }
    }

    func close() { socket.close() }
}
