package import MCMemory

/// What became of a send.
package enum SendOutcome {
    case sent
    /// No peer has room; the sender waits, or gets `wouldBlock`.
    case blocked
}

/// The part of a socket that knows its type: whom a message goes to, in which order messages come,
/// what is put around them. A pattern knows pipes, and no transport.
///
/// The engine calls every method with its lock held; none may block, call user code, or keep a
/// pipe beyond `detach`. A pattern writes to pipes and reads from them; flushing, waking and
/// waiting are the engine's.
package protocol Pattern: AnyObject {
    /// The type's name in READY ("PUSH").
    var socketType: String { get }
    /// Whether users may send and receive at all.
    var canSend: Bool { get }
    var canReceive: Bool { get }
    /// Whether READY tells the routing id; only types whose peers may need it announce it.
    var announcesRoutingID: Bool { get }
    /// What the engine may receive from without asking: the pattern only takes turns.
    var plainQueue: FairQueue? { get }
    /// What the engine may send to without asking: the pattern only takes turns.
    var plainBalancer: LoadBalancer? { get }
    /// Whether messages of peers are the pattern's own business (`intake`) instead of the user's.
    var takesMessages: Bool { get }
    /// Whether peers at endpoints that are bound or connected from now on speak no ZMTP. What is sent
    /// then is a routing id and one frame of bytes.
    var isRaw: Bool { get }
    /// What the user is told of peers that come from now on.
    var peerNotices: PeerNotices { get }

    /// Whether the last message alone may be kept (ZMQ_CONFLATE): not where one depends on another.
    var canConflate: Bool { get }

    /// How the type uses datagrams; nil where it does not.
    var datagramRole: DatagramRole? { get }

    // MARK: Pipes come and go

    /// A new pipe: an endpoint that is being dialled, or a peer that has been accepted.
    ///
    /// - Returns: false to refuse the peer; its connection is closed.
    func attach(_ pipe: Pipe) -> Bool

    /// The pipe's peer is there (again): its type, routing id and version are known.
    ///
    /// - Returns: false to refuse the peer.
    func connected(_ pipe: Pipe) -> Bool

    /// The pipe's connection is gone; a dialled pipe stays and waits for the next.
    func disconnected(_ pipe: Pipe)

    /// Nothing more may be sent to the pipe; it may still have messages to be received.
    func closeSending(_ pipe: Pipe)

    /// The pipe goes for good.
    func detach(_ pipe: Pipe)

    /// The pipe has a message, or has ended.
    func readable(_ pipe: Pipe)

    /// The pipe has room again.
    func writable(_ pipe: Pipe)

    /// Whether messages that have not left when a connection dies are given back; else they are dropped.
    var takesUnsentBack: Bool { get }

    /// Messages that were sent to the pipe and have not left. Whether and how they go on is the
    /// pattern's promise.
    func giveBack(_ messages: [Recovered], from pipe: Pipe)

    /// Whether a routing id is in use.
    ///
    /// - Throws: `notSupported` when peers have none.
    func hasPeer(known routingID: [UInt8]) throws(SocketError) -> Bool

    // MARK: Messages

    /// Puts a message into the pipes that it belongs to.
    func send(_ message: Outgoing) throws(SocketError) -> SendOutcome

    /// Whether a message that begins with this frame would be taken now, for users who send their
    /// messages frame by frame: `send` then takes it, unless the peer goes, or somebody else sends,
    /// meanwhile.
    ///
    /// - Throws: what `send` would throw because of the first frame, or of the socket's state.
    func checkRoute(_ first: UnsafeRawBufferPointer) throws(SocketError) -> SendOutcome

    /// Takes the next message.
    ///
    /// - Returns: false when there is none.
    func receive(into message: inout Message) throws(SocketError) -> Bool

    /// Whether a send would be taken, and whether a receive would find something.
    func isReadyToSend() -> Bool
    func isReadyToReceive() -> Bool

    /// A message of a peer, when `takesMessages`.
    func intake(_ message: consuming Message, from pipe: Pipe)

    // MARK: Subscriptions

    /// A peer subscribed, or cancelled.
    func subscription(_ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe)

    /// A peer joined a group, or left it.
    func membership(_ group: UnsafeRawBufferPointer, joins: Bool, of pipe: Pipe)

    /// The user subscribes, or cancels.
    func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError)
}

// What a pattern that does not say otherwise does.
extension Pattern {
    package var announcesRoutingID: Bool { false }
    package var plainQueue: FairQueue? { nil }
    package var plainBalancer: LoadBalancer? { nil }
    package var takesMessages: Bool { false }
    package var canConflate: Bool { false }
    package var isRaw: Bool { false }
    package var takesUnsentBack: Bool { false }
    package var peerNotices: PeerNotices { [] }

    package func hasPeer(known routingID: [UInt8]) throws(SocketError) -> Bool {
        throw SocketError(.notSupported, "peers of \(socketType) sockets have no routing ids")
    }
    package var datagramRole: DatagramRole? { nil }

    package func connected(_ pipe: Pipe) -> Bool { true }
    package func disconnected(_ pipe: Pipe) {}
    package func closeSending(_ pipe: Pipe) {}
    package func readable(_ pipe: Pipe) {}
    package func writable(_ pipe: Pipe) {}
    package func giveBack(_ messages: [Recovered], from pipe: Pipe) {}

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        throw SocketError(.notSupported, "\(socketType) sockets cannot send")
    }

    package func checkRoute(
        _ first: UnsafeRawBufferPointer
    ) throws(SocketError) -> SendOutcome {
        guard canSend else {
            throw SocketError(.notSupported, "\(socketType) sockets cannot send")
        }
        return isReadyToSend() ? .sent : .blocked
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        throw SocketError(.notSupported, "\(socketType) sockets cannot receive")
    }

    package func isReadyToSend() -> Bool { false }
    package func isReadyToReceive() -> Bool { false }
    package func intake(_ message: consuming Message, from pipe: Pipe) {}

    package func subscription(_ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe) {}

    package func membership(_ group: UnsafeRawBufferPointer, joins: Bool, of pipe: Pipe) {}

    package func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        throw SocketError(.notSupported, "\(socketType) sockets have no subscriptions")
    }
}
