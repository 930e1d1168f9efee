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
package class Pattern {
    /// The type's name in READY ("PUSH").
    package let socketType: String
    /// Whether users may send and receive at all.
    package let canSend: Bool
    package let canReceive: Bool

    package init(socketType: String, canSend: Bool, canReceive: Bool) {
        self.socketType = socketType
        self.canSend = canSend
        self.canReceive = canReceive
    }

    /// What READY tells of the routing id; only types whose peers may need it announce one.
    package var announcesRoutingID: Bool { false }

    /// Whether messages of peers are the pattern's own business (`intake`) instead of the user's.
    package var takesMessages: Bool { false }

    // MARK: Pipes come and go

    /// A new pipe: an endpoint that is being dialled, or a peer that has been accepted.
    ///
    /// - Returns: false to refuse the peer; its connection is closed.
    package func attach(_ pipe: Pipe) -> Bool { true }

    /// The pipe's peer is there (again): its type, routing id and version are known.
    ///
    /// - Returns: false to refuse the peer.
    package func connected(_ pipe: Pipe) -> Bool { true }

    /// The pipe's connection is gone; a dialled pipe stays and waits for the next.
    package func disconnected(_ pipe: Pipe) {}

    /// Nothing more may be sent to the pipe; it may still have messages to be received.
    package func closeSending(_ pipe: Pipe) {}

    /// The pipe goes for good.
    package func detach(_ pipe: Pipe) {}

    /// The pipe has a message, or has ended.
    package func readable(_ pipe: Pipe) {}

    /// The pipe has room again.
    package func writable(_ pipe: Pipe) {}

    /// Messages that were sent to the pipe and have not left. Whether and how they go on is the
    /// pattern's promise; the default drops them.
    package func giveBack(_ messages: [Recovered], from pipe: Pipe) {}

    // MARK: Messages

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        throw SocketError(.notSupported, "\(socketType) sockets cannot send")
    }

    /// Takes the next message.
    ///
    /// - Returns: false when there is none.
    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        throw SocketError(.notSupported, "\(socketType) sockets cannot receive")
    }

    /// Whether a send would be taken, and whether a receive would find something.
    package func isReadyToSend() -> Bool { false }
    package func isReadyToReceive() -> Bool { false }

    /// A message of a peer, when `takesMessages`.
    package func intake(_ message: consuming Message, from pipe: Pipe) {}

    // MARK: Subscriptions

    /// A peer subscribed, or cancelled.
    package func subscription(_ prefix: UnsafeRawBufferPointer, add: Bool, from pipe: Pipe) {}

    /// The user subscribes, or cancels.
    package func subscribe(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        throw SocketError(.notSupported, "\(socketType) sockets have no subscriptions")
    }

    /// The user set an option that the pattern keeps.
    package func routingIDChanged(_ routingID: [UInt8]) {}
}
