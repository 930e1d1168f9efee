import CMCLinux
import MCCodec
import MCLock
package import MCMemory
import MCQueue
import MCSecurity
import MCTransport

/// Pipes and connections come and go.
extension SocketEngine {
    /// A pipe to a byte stream, attached to the pattern. Lock held.
    ///
    /// - Returns: nil when the pattern refuses it.
    func attachStreamPipe(
        dialer: Dialer?, isRaw: Bool, peerRoutingID: [UInt8]? = nil
    ) -> Pipe? {
        let owner = PipeOwner()
        let pipe = owner.make(
            engine: self, sends: options.sendLimits.shared(ByteMarks.sending),
            receives: options.receiveLimits.shared(ByteMarks.receiving))
        pipe.pointee.owner = owner
        pipe.pointee.dialer = dialer
        setConflating(pipe)
        pipe.pointee.isRaw = isRaw
        pipe.choose(peerRoutingID)
        guard attach(pipe) else {
            pipe.pointee.owner = nil
            return nil
        }
        return pipe
    }

    func setConflating(_ pipe: Pipe) {
        guard options.conflates, pattern.canConflate else { return }
        pipe.pointee.conflates = true
        // There is always room in the place of another.
        pipe.pointee.sendHighWaterMark = 0
        pipe.pointee.sendByteMark = 0
    }

    /// Lock held.
    func attach(_ pipe: Pipe) -> Bool {
        guard pattern.attach(pipe) else { return false }
        pipe.pointee.isAttached = true
        pipes.append(pipe)
        wakeSenders()
        return true
    }

    /// The pipe goes for good: out of the pattern, the lists and, when nobody else holds it, out of
    /// memory. Lock held, nobody writing or reading it.
    func detach(_ pipe: Pipe) {
        guard pipe.pointee.isAttached else { return }
        pattern.detach(pipe)
        pipe.pointee.isAttached = false
        pipes.removeAll { $0 == pipe }
        watched.removeAll { $0 == pipe }
        dirty.removeAll { $0 == pipe }
        drained.removeAll { $0 == pipe }
        quietPipes.removeAll { $0 == pipe }
        fullPipes.removeAll { $0 == pipe }
        pipe.pointee.isWatched = false
        pipe.pointee.isDirty = false
        pipe.pointee.connection = nil
        let pair = pipe.pointee.pair
        let owner = pipe.pointee.owner
        pipe.pointee.pair = nil
        pipe.pointee.peer = nil
        pipe.pointee.port = nil
        pipe.pointee.owner = nil
        // Whoever waited for room in it need not any more.
        wakeSenders()
        if let pair { markCut(pair, fromNear: pipe == pair.near) }
        withExtendedLifetime(owner) {}
        if state == .lingering { endIfSent() }
    }

    // MARK: Connections

    /// A connection has shaken hands, or needs not: it gets its pipe and joins the socket's epoll set. On
    /// the I/O thread.
    ///
    /// - Parameter peer: nil for one that speaks no ZMTP.
    /// - Returns: false when the socket, or its pattern, refuses the peer.
    func adopt(_ connection: Connection, peer: RemotePeer?) -> Bool {
        connection.describe(peer)
        lock.lock()
        defer { settleAndUnlock() }
        guard state != .ended, let pipe = pipeForAdopting(connection) else { return false }
        if let peer {
            pipe.pointee.peerSocketType = peer.socketType
            pipe.learnRoutingID(peer.identity)
            pipe.pointee.peerVersion = peer.version
        }
        if pipe.pointee.peerNumber != 0 {
            PeerDirectory.describe(
                pipe.pointee.peerNumber, as: PeerDirectory.peer(connection.source))
        }
        guard pattern.connected(pipe) else {
            if connection.dialer == nil { detach(pipe) }
            return false
        }
        pipe.pointee.connection = connection
        pipe.pointee.isBlocked = false
        // Before anybody reads: it stands in front of what the peer sends.
        connection.notices = pattern.peerNotices
        if connection.notices.contains(.connected), !pipe.pointee.isLingering {
            notify(pipe, of: connection, extra: 0)
        }
        connection.pipe = pipe
        streamCount += 1
        watchReading(of: connection)
        if unsafe connection.decoder.pointee.hasBuffered {
            markReady(connection)
            if isReaderAsleep { pollSet.signal() }
            postBackgroundRead()
        }
        // Receivers that waited without streams may read for themselves now; senders have a peer.
        if !isReading { wakeReceivers() }
        if pipe.hasRoom { pattern.writable(pipe) }
        wakeSenders()
        if pipe.pointee.hasUnsent { markDirty(pipe) }
        return true
    }

    private func pipeForAdopting(_ connection: Connection) -> Pipe? {
        if let dialer = connection.dialer {
            guard let pipe = dialer.pipe, pipe.pointee.isAttached else { return nil }
            return pipe
        }
        guard state == .open else { return nil }
        return attachStreamPipe(dialer: nil, isRaw: connection.isRaw)
    }

    /// A connection is over: the peer closed, broke the protocol, or the link failed. Lock held, by
    /// the reader or while nobody reads.
    func end(_ connection: Connection, because error: SocketError?) {
        guard !connection.isEnded, let pipe = connection.pipe else { return }
        connection.isEnded = true
        connection.decodeRest(into: pipe)
        connection.breakLink()
        ignoreReading(of: connection)
        streamCount -= 1
        unmarkReady(connection)
        graveyard.append(connection)
        pipe.pointee.received.rollback()
        if connection.notices.contains(.disconnected), !pipe.pointee.isLingering, state == .open {
            notify(pipe, of: connection, extra: 1)
        }
        pipe.pointee.connection = nil
        pipe.pointee.isBlocked = false
        connection.pipe = nil
        if pipe.pointee.dialer == nil {
            pipe.pointee.isSendClosed = true
            pattern.closeSending(pipe)
        }
        pattern.disconnected(pipe)
        wishesChanged()
        if dropsUnsent(of: pipe) { discard(pipe.takeFill()) }
        // A writer that is still at it finds the connection ended and recovers by itself.
        recover(pipe)
        if connection.closesGracefully { drainingLinks += 1 }
        ioThread.post { connection.gone(because: error) }
        if pipe.pointee.dialer == nil {
            pipe.pointee.isReceiveEnded = true
            if isEmpty(pipe) || state != .open {
                markDrained(pipe)
            } else {
                pattern.readable(pipe)
            }
        }
        if pipe.pointee.isLingering { finishIfSent(pipe) }
        // Somebody may be waiting for a leader who has just lost the last stream.
        if hasReceiveWaiters || isReaderAsleep { wakeReceivers() }
    }

    /// Ends a connection, on the socket's own account where there is no other reason. Lock held.
    func endSoon(_ connection: Connection, because error: SocketError? = nil) {
        if isReading {
            if connection.endReason == nil { connection.endReason = error }
            connection.breakLink()
            pendingEnds.append(connection)
            if isReaderAsleep { pollSet.signal() }
        } else {
            end(connection, because: error)
            graveyard.removeAll { $0 === connection }
        }
    }
}

extension Pipe {
    /// Lets a message go when the engine's lock is let go. Lock held.
    package func discard(_ message: consuming Message) { discard([Recovered(message)]) }

    /// As `discard(_:)`, for messages that came back.
    package func discard(_ messages: [Recovered]) { unsafe pointee.engine.discard(messages) }

    /// Ends the connection to the peer; one that was dialled is dialled again. Lock held.
    package func hangUp() {
        if pointee.pair != nil {
            unsafe pointee.engine.detach(self)
        } else if let connection = pointee.connection {
            unsafe pointee.engine.endSoon(connection)
        }
    }
}

extension Connection {
    /// The socket has let the connection go. On the I/O thread.
    func gone(because error: SocketError?) {
        engine.note(
            .disconnected, place, value: Int(link.descriptor), because: error)
        leaveIOThread()
        if closesGracefully {
            LinkDrain.drain(link, on: engine.ioThread) { [engine] in engine.linkDrained() }
        }
        acceptor?.lost(self)
        dialer?.disconnected()
    }
}
