import CMCLinux
import Glibc
import MCCodec
import MCSecurity
import MCTransport

/// From a descriptor to a peer; all on the I/O thread.
extension Connection {
    /// Begins with a link that is connecting (dialled) or connected (accepted).
    func begin() {
        ioToken = engine.ioThread.register(self, of: link.descriptor)
        rewatch()
        if phase == .over { return }
        let limit = engine.optionsSnapshot.handshakeIntervalMilliseconds
        if limit > 0 && !isRaw {
            handshakeTimer = engine.ioThread.addTimer(
                afterNanoseconds: UInt64(limit) * 1_000_000
            ) { [weak self] in
                guard let self else { return }
                self.handshakeTimer = nil
                self.fail(
                    SocketError(
                        .systemError, "no handshake within \(limit) ms", endpoint: self.link.peer,
                        errno: ETIMEDOUT))
            }
        }
        if phase == .handshaking { startHandshake() }
    }

    func connectFinished() {
        do throws(TransportError) {
            try link.finishConnect()
        } catch {
            fail(SocketError(error))
            return
        }
        if negotiation == nil { streamStands() } else { startNegotiating() }
    }

    /// A dialled connection reaches the peer.
    func streamStands() {
        phase = .handshaking
        engine.note(.connected, place, value: Int(link.descriptor))
        startHandshake()
    }

    private func startHandshake() {
        if isRaw {
            join(nil)
            return
        }
        let options = engine.optionsSnapshot
        do throws(SecurityError) {
            var metadata = Metadata()
            for (name, value) in options.metadata.sorted(by: { $0.key < $1.key }) {
                // Checked when it was set.
                try? metadata.append(name, Array(value.utf8))
            }
            let handshake = Handshake(
                local: try LocalPeer(
                    socketType: engine.pattern.socketType,
                    identity: engine.pattern.announcesRoutingID ? options.routingID : [],
                    metadata: metadata),
                mechanism: NullMechanism())
            let greeting = try handshake.start()
            let first = options.greetsInSteps ? Connection.signatureBytes : greeting.count
            handshakeOutput += greeting.prefix(first)
            heldGreeting = Array(greeting.dropFirst(first))
            self.handshake = handshake
        } catch {
            fail(SocketError(.protocolError, error.description, endpoint: link.peer))
            return
        }
        writeHandshake()
        updateInterest()
    }

    func shakeHands(_ events: UInt32) {
        if events & CMC_POLL_OUT != 0 { writeHandshake() }
        if phase == .handshaking, events & ~CMC_POLL_OUT != 0 { readHandshake() }
        if phase == .handshaking { updateInterest() }
    }

    func updateInterest() {
        _ = cmc_epoll_modify(engine.ioThread.epoll, link.descriptor, interest, ioToken)
    }

    func writeHandshake() {
        while !handshakeOutput.isEmpty {
            let result = unsafe handshakeOutput.withUnsafeMutableBytes { bytes -> LinkResult in
                var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return unsafe link.write(&vector, count: 1)
            }
            switch result {
            case .bytes(let count): handshakeOutput.removeFirst(count)
            case .wouldBlock: return
            case .end: return
            case .failed(let error):
                fail(SocketError(.systemError, "the peer went away", errno: error))
                return
            }
        }
    }

    private func readHandshake() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 16) { buffer in
            switch unsafe link.read(into: buffer) {
            case .bytes(let count):
                unsafe received(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            case .wouldBlock: break
            case .end:
                fail(
                    SocketError(
                        .systemError, "the peer closed during the handshake",
                        endpoint: link.peer, errno: EPIPE))
            case .failed(let error):
                fail(SocketError(.systemError, "the peer went away", errno: error))
            }
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        guard var handshake = self.handshake else { return }
        greetedBytes += bytes.count
        if greetedBytes >= Connection.signatureBytes {
            handshakeOutput += heldGreeting
            heldGreeting = []
        }
        var output: [UInt8] = []
        let consumed: Int
        do throws(SecurityError) {
            consumed = try unsafe handshake.receive(bytes.bytes, output: &output)
        } catch {
            handshakeOutput += output
            writeHandshake()
            fail(SocketError(.protocolError, error.description, endpoint: link.peer))
            return
        }
        self.handshake = handshake
        handshakeOutput += output
        writeHandshake()
        guard phase == .handshaking, let peer = handshake.peer else { return }
        guard handshakeOutput.isEmpty else {
            // A peer that is ready before it has read our READY: the kernel's buffer cannot be full
            // with a few hundred bytes unless SNDBUF is absurd. Treat it as hostile.
            fail(SocketError(.protocolError, "the peer does not read", endpoint: link.peer))
            return
        }
        do throws(CodecError) {
            // What came with the handshake and stands behind it.
            try unsafe decoder.pointee.feed(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        } catch {
            fail(SocketError(error, endpoint: link.peer))
            return
        }
        join(peer)
    }

    /// The peer is known, or (nil) speaks no ZMTP: join the socket.
    private func join(_ peer: RemotePeer?) {
        if let timer = handshakeTimer { engine.ioThread.cancelTimer(timer) }
        handshakeTimer = nil
        handshake = nil
        // From now on only `waitForRoom` puts it into the I/O thread's set.
        _ = cmc_epoll_remove(engine.ioThread.epoll, link.descriptor)
        phase = .established
        guard engine.adopt(self, peer: peer) else {
            // Who has not shaken hands comes too late; there is nothing else to refuse.
            fail(
                SocketError(
                    isRaw ? .closed : .protocolError,
                    "the \(engine.pattern.socketType) socket refuses this peer",
                    endpoint: link.peer))
            return
        }
        if let peer { engine.note(.handshakeSucceeded, place, routingID: peer.identity) }
        dialer?.connected()
        startHeartbeat()
    }

    /// Ends a connection that has not joined its socket.
    func fail(_ error: SocketError) {
        guard phase != .over else { return }
        let inHandshake = phase != .connecting
        noteFailure(error)
        leaveIOThread()
        link.close()
        acceptor?.lost(self)
        dialer?.connectionFailed(error, inHandshake: inHandshake)
    }
}

// MARK: - What monitors are told

extension Connection {
    /// Where it belongs to: what was dialled, or where the socket is bound.
    var endpoint: String { dialer?.endpoint.description ?? acceptor?.endpoint ?? link.peer }

    /// What its events concern, told while the descriptor is there.
    var place: EventPlace {
        if knownEnds == nil || knownEnds?.local == "" { knownEnds = link.ends }
        return EventPlace(endpoint, knownEnds ?? LinkEnds())
    }

    private func noteFailure(_ error: SocketError) {
        let descriptor = Int(link.descriptor)
        guard phase != .connecting else {
            engine.note(.closed, .dialled(endpoint), value: descriptor, because: error)
            return
        }
        switch error.code {
        case .closed: break
        case .protocolError:
            engine.note(.handshakeFailedProtocol, place, because: error)
        default:
            engine.note(
                .handshakeFailedWithoutDetail, place, value: Int(error.errno), because: error)
        }
        engine.note(.disconnected, place, value: descriptor, because: error)
    }
}
