import CMCLinux
import Glibc
import MCLock
import MCMemory
import MCQueue
import MCTransport
import Synchronization

/// What a socket type does with datagrams.
package enum DatagramRole: Sendable {
    /// Sends a group and a body to the endpoints that it connects to (RADIO).
    case sendsToGroups
    /// Receives groups and bodies at the endpoints that it binds (DISH).
    case receivesGroups
    /// Sends and receives bodies, with the other end's address in front, at the endpoint that it binds
    /// (DGRAM).
    case addresses

    var use: DatagramUse {
        switch self {
        case .sendsToGroups: .sending
        case .receivesGroups: .receiving
        case .addresses: .both
        }
    }

    var isBound: Bool { self != .sendsToGroups }
}

/// A datagram endpoint of a socket: a link, and the pipe by which patterns see it.
///
/// What arrives is read by the I/O thread and put into the pipe; what finds no room there is lost, as
/// datagrams are. What is sent is one system call of the sender's, which does not block.
///
/// A datagram to a group has the length of the group's name in its first byte, then the name, then the
/// body (RFC 48).
///
/// - Thread rule: `handle`, `start` and `stop` on the I/O thread; `send` with the engine's lock held.
/// - Ownership: owns the pipe's state.
final class DatagramPort: PipeOwner, EventHandler, @unchecked Sendable {
    /// How many datagrams one turn takes before others come.
    private static let datagramsPerTurn = 64
    /// Longer than any datagram of IP.
    private static let bufferBytes = 1 << 16

    let engine: SocketEngine
    let link: any DatagramLink
    private let role: DatagramRole
    private(set) var pipe: Pipe!
    private var token: UInt64 = 0
    private var isStopped = false

    init(engine: SocketEngine, link: any DatagramLink, role: DatagramRole) {
        self.engine = engine
        self.link = link
        self.role = role
        super.init()
        let options = engine.optionsSnapshot
        pipe = make(
            engine: engine, sends: options.sendLimits.shared(ByteMarks.sending),
            receives: options.receiveLimits.shared(ByteMarks.receiving))
        pipe.pointee.owner = self
        pipe.pointee.port = self
    }

    // MARK: Receiving

    func start() {
        guard !isStopped, role.isBound else { return }
        token = engine.ioThread.register(self, of: link.descriptor)
        rewatch()
    }

    func rewatch() {
        guard !isStopped, token != 0 else { return }
        _ = engine.ioThread.watch(link.descriptor, CMC_POLL_IN, token)
    }

    func descriptorLost(_ descriptor: Int32) {
        // Other code of the process has closed it: nothing more comes.
        engine.note(
            .closed, .bound("udp"), value: Int(descriptor),
            because: SocketError(
                .systemError, "the descriptor was closed by other code of the process",
                errno: EBADF))
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        if token != 0 {
            engine.ioThread.deregister(token, of: link.descriptor)
        }
        // Whoever sends has the lock.
        engine.lock.withLock { link.close() }
    }

    func handle(events: UInt32) {
        var count = 0
        unsafe withUnsafeTemporaryAllocation(
            byteCount: DatagramPort.bufferBytes, alignment: 16
        ) { buffer in
            turn: for _ in 0..<DatagramPort.datagramsPerTurn {
                switch unsafe link.receive(into: buffer, namesSender: role == .addresses) {
                case .datagram(let length, let sender):
                    let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<length])
                    if unsafe take(bytes, from: sender) { count += 1 }
                case .wouldBlock: break turn
                // Of an earlier datagram, perhaps: nobody was there.
                case .tooLong, .failed: continue
                }
            }
        }
        guard count > 0 else { return }
        pipe.pointee.received.publish()
        engine.lock.lock()
        if pipe.pointee.isAttached {
            engine.pattern.readable(pipe)
            engine.wakeReceivers()
        }
        engine.settleAndUnlock()
    }

    /// - Returns: false for what is no message, or finds no room.
    private func take(_ bytes: UnsafeRawBufferPointer, from sender: String) -> Bool {
        let queue = pipe.pointee.received
        guard pipe.hasRoomToReceive() else { return false }
        var head: Frame
        var body = unsafe bytes
        if role == .addresses {
            head = Frame(sender)
        } else {
            guard let length = unsafe bytes.first, bytes.count > length else { return false }
            let start = Int(length) + 1
            head = unsafe Frame(copying: UnsafeRawBufferPointer(rebasing: bytes[1..<start]))
            unsafe body = UnsafeRawBufferPointer(rebasing: bytes[start...])
        }
        guard let rest = unsafe Frame(copyingIfPossible: body) else { return false }
        head.hasMore = true
        queue.push(head)
        queue.push(rest)
        return true
    }

    // MARK: Sending

    /// Sends a message of two frames; lost where the kernel does not take it. Lock held.
    func send(_ message: Outgoing) {
        guard message.restCount == 1, let rest = unsafe message.rest else { return }
        let body = unsafe rest.pointee.borrowedBytes(at: rest)
        if role == .addresses {
            // libzmq's users send addresses with their zero byte.
            let name = unsafe message.firstBytes.prefix { $0 != 0 }
            let receiver = unsafe String(decoding: name, as: UTF8.self)
            unsafe send([body], to: receiver)
            return
        }
        guard let length = UInt8(exactly: message.count) else { return }
        unsafe withUnsafeBytes(of: length) { length in
            unsafe send([length, message.firstBytes, body], to: nil)
        }
    }

    private func send(_ parts: [UnsafeRawBufferPointer], to receiver: String?) {
        let vectors = unsafe parts.map {
            unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        unsafe vectors.withUnsafeBufferPointer { vectors in
            guard let first = vectors.baseAddress else { return }
            // Twice: the first may tell of an earlier datagram that nobody took.
            for _ in 0..<2 {
                if case .failed(let error) = unsafe link.send(
                    first, count: vectors.count, to: receiver), error == ECONNREFUSED
                {
                    continue
                }
                return
            }
        }
    }
}

extension Pipe {
    /// Whether the pipe leads to a datagram endpoint.
    package var isDatagram: Bool { pointee.port != nil }

    /// Sends a message of two frames, a group or an address and a body, as one datagram; lost where the
    /// kernel does not take it.
    package func sendDatagram(_ message: Outgoing) { pointee.port?.send(message) }
}

extension SocketEngine {
    /// Opens a datagram endpoint.
    ///
    /// - Throws: `incompatibleTransport` where the socket's type does not use datagrams in this way.
    func openDatagrams(_ endpoint: Endpoint, bound: Bool) throws(SocketError) -> String {
        guard let role = pattern.datagramRole, role.isBound == bound else {
            throw SocketError(
                .incompatibleTransport,
                "a \(pattern.socketType) socket cannot \(bound ? "bind" : "connect") datagrams",
                endpoint: endpoint.description)
        }
        guard let transport = datagrams[endpoint.scheme] else {
            throw SocketError(
                .unsupportedTransport, "no transport for \(endpoint.scheme.rawValue)://",
                endpoint: endpoint.description)
        }
        let link: any DatagramLink
        do throws(TransportError) {
            link = try transport.open(endpoint, for: role.use, options: linkOptions)
        } catch {
            throw SocketError(error)
        }
        let port = DatagramPort(engine: self, link: link, role: role)
        let real = link.endpoint.description
        lock.lock()
        guard state == .open, attach(port.pipe) else {
            let isOpen = state == .open
            port.pipe.pointee.port = nil
            port.pipe.pointee.owner = nil
            settleAndUnlock()
            link.close()
            if !isOpen { throw closedError() }
            throw SocketError(
                .invalidState, "the \(pattern.socketType) socket takes no more endpoints",
                endpoint: real)
        }
        endpoints.append(.datagrams(endpoint: real, port, isBound: bound))
        lastEndpoint = real
        settleAndUnlock()
        ioThread.post { port.start() }
        return real
    }

    /// Takes a datagram endpoint down; what was sent has left.
    func close(_ port: DatagramPort) {
        lock.lock()
        if port.pipe.pointee.isAttached { detach(port.pipe) }
        settleAndUnlock()
        // Waits: the endpoint is to be free when `unbind` or `close` returns.
        ioThread.runAndWait { port.stop() }
    }
}
