import CMCLinux
import Glibc
import MCCodec
import MCMemory
import MCQueue
import MCSecurity
import MCTransport
import Synchronization

/// A link and its ZMTP state, from the first byte to the last.
///
/// Until the handshake is done a connection lives on the I/O thread alone (`Connection+Handshake`);
/// then it joins its socket's pipe, and belongs to the socket's reader and writers.
///
/// - Thread rule: `decoder` and the `turn…` members belong to the holder of the socket's reader
///   role; the handshake's members to the I/O thread; the rest is guarded by the engine's lock.
/// - Ownership: the pipe holds the connection, the I/O thread while it has it registered. The
///   descriptor closes with the last reference, so nobody reads or writes a number used again.
@safe
final class Connection: EventHandler, @unchecked Sendable {
    enum Phase {
        case connecting
        case handshaking
        case established
        case over
    }

    /// How a reading turn ended.
    enum TurnResult {
        /// The kernel has no more.
        case waiting
        /// There is more, decoded or not, for the next turn.
        case more
        /// The queue is at its high-water mark.
        case stalled
        /// What was read is left to the receivers to decode.
        case unread
    }

    let engine: SocketEngine
    let link: any StreamLink
    /// Who dialled it; nil for an accepted one.
    let dialer: Dialer?
    /// Who accepted it; nil for a dialled one.
    let acceptor: Acceptor?
    /// No ZMTP is spoken: there is no handshake, and bytes are messages as they come.
    let isRaw: Bool

    // The I/O thread's.
    var phase: Phase
    var handshake: Handshake?
    var handshakeOutput: [UInt8] = []
    /// The rest of the greeting, which goes when the peer's signature has come.
    var heldGreeting: [UInt8] = []
    var greetedBytes = 0
    /// What both sides of ZMTP begin with (RFC 37).
    static let signatureBytes = 10
    var handshakeTimer: UInt64?
    /// With the proxy that makes the connection; while it lasts, the phase is `connecting`.
    var negotiation: SOCKSNegotiation?
    var isNegotiating = false
    var ioToken: UInt64 = 0
    var heartbeat: Heartbeat?
    var heartbeatTimer: UInt64?
    /// Both ends, once a monitor has been told of them.
    var knownEnds: LinkEnds?
    /// The arrival that `heartbeat` has been told of.
    var knownArrival: UInt64 = 0

    // Guarded by the engine's lock.
    var pipe: Pipe?
    /// Off the socket: nobody may use it any more.
    var isEnded = false
    /// Nothing can be written any more; the reader will find the end.
    var isBroken = false
    /// Everything was sent: the peer is to read to the end, whatever it sends meanwhile.
    var closesGracefully = false
    var isStalled = false
    /// What of the peer's coming and going the user is told.
    var notices: PeerNotices = []
    /// Where it stands in the engine's list of connections that are known to be ready; -1 when it
    /// does not.
    var readyIndex = -1
    var isReady: Bool { readyIndex >= 0 }
    /// What was read is left to receivers to decode.
    var isUnread: Bool { unsafe pipe?.pointee.unread != nil }
    var wasArmed = false
    /// In the socket's set.
    var isWatched = false
    /// Why it is on the list of those that are to be ended.
    var endReason: SocketError?

    // The reader's.
    /// On the list of the turn that is under way.
    var isInTurn = false
    let decoder: UnsafeMutablePointer<FrameDecoder>
    var turnMessages = 0
    /// The last read took everything that the kernel had.
    var isDrained = false
    /// The next frame is not one that receivers decode for themselves.
    var needsReader = false
    var turnResult = TurnResult.waiting
    var turnError: SocketError?
    /// Messages of peers that are the pattern's own business are put together here.
    var intake = Message()

    /// What the frames that come say of where they came from; set when the connection joins its socket.
    private(set) var source: UInt32 = 0

    /// When something last arrived, for heartbeats; 0 while nobody wants to know.
    let lastArrival = Atomic<UInt64>(0)
    let watchesArrival = Atomic<Bool>(false)

    init(
        engine: SocketEngine, link: any StreamLink, dialer: Dialer?, acceptor: Acceptor?,
        options: EngineOptions
    ) {
        self.engine = engine
        self.link = link
        self.dialer = dialer
        self.acceptor = acceptor
        isRaw = dialer?.isRaw ?? acceptor?.isRaw ?? false
        phase = dialer == nil ? .handshaking : .connecting
        let limit = options.maximumMessageBytes
        // Behind a pointer, so that decoding a frame pays for no exclusivity check.
        unsafe decoder = .allocate(capacity: 1)
        unsafe decoder.initialize(
            to: FrameDecoder(
                limits: FrameDecoder.Limits(
                    frameBytes: limit < 0 ? nil : UInt64(limit),
                    readBytes: ByteMarks.read(options.receiveHighWaterBytes))))
    }

    deinit {
        PeerDirectory.retire(source)
        unsafe decoder.deinitialize(count: 1)
        unsafe decoder.deallocate()
    }

    /// Gives the peer a number, under which users find what is known of it. Before anybody reads.
    func describe(_ peer: RemotePeer?) {
        var properties: [String: [UInt8]] = [:]
        for property in peer?.metadata.properties ?? [] {
            properties[property.name] = property.value
        }
        source = PeerDirectory.add(
            PeerDescription(
                address: link.peerHost, socketType: peer?.socketType ?? "",
                routingID: peer?.identity ?? [], userID: nil, properties: properties,
                descriptor: link.descriptor))
        unsafe decoder.pointee.source = source
    }

    /// Names the connection in the socket's epoll set.
    var readToken: UInt64 {
        engine.pollSet.token(
            unsafe UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())))
    }

    // MARK: Writing

    /// Has the I/O thread call when the kernel takes more. Lock held.
    func waitForRoom() {
        let events = CMC_POLL_OUT | CMC_POLL_ONESHOT
        let epoll = engine.ioThread.epoll
        let error =
            wasArmed
            ? cmc_epoll_modify(epoll, link.descriptor, events, ioToken)
            : cmc_epoll_add(epoll, link.descriptor, events, ioToken)
        wasArmed = true
        guard error < 0 else { return }
        if link.isIntact, error == -EBADF || error == -EINVAL || error == -ENOENT {
            // It is the set that is not ours any more; a new one asks all connections.
            engine.ioThread.requestRenewal()
        } else {
            let reason = SocketError(
                .systemError, "epoll refused the connection", endpoint: link.peer, errno: -error)
            engine.endSoon(self, because: link.isIntact ? reason : descriptorError)
        }
    }

    /// The link takes no more. The reader finds its end behind what has arrived. Lock held.
    func breakLink() {
        guard !isBroken else { return }
        isBroken = true
        if closesGracefully { link.shutdownWrite() } else { link.shutdown() }
        // Nothing would tell the reader of the end of somebody else's descriptor.
        if !isEnded, !link.isIntact { engine.endSoon(self, because: descriptorError) }
    }

    // MARK: Events on the I/O thread

    func handle(events: UInt32) {
        switch phase {
        case .connecting: isNegotiating ? negotiate(events) : connectFinished()
        case .handshaking: shakeHands(events)
        case .established: engine.roomInKernel(for: self)
        case .over: break
        }
    }

    /// Takes the connection out of the I/O thread's hands. On the I/O thread.
    func leaveIOThread() {
        phase = .over
        if let timer = handshakeTimer { engine.ioThread.cancelTimer(timer) }
        if let timer = heartbeatTimer { engine.ioThread.cancelTimer(timer) }
        handshakeTimer = nil
        heartbeatTimer = nil
        engine.ioThread.deregister(ioToken, of: link.descriptor, isIntact: link.isIntact)
    }
}
