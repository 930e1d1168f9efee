import CMCLinux
import MCCodec
import MCLock
import MCQueue
import MCTransport
import Synchronization

/// Heartbeats (RFC 37, "Connection Heartbeating"): PINGs after silence, and the end of a
/// connection whose peer does not answer. On the I/O thread.
extension Connection {
    func startHeartbeat() {
        let options = engine.optionsSnapshot
        guard options.heartbeatIntervalMilliseconds > 0, !isRaw else { return }
        let now = cmc_now_ns()
        heartbeat = Heartbeat(
            intervalMilliseconds: options.heartbeatIntervalMilliseconds,
            ttlMilliseconds: options.heartbeatTTLMilliseconds,
            timeoutMilliseconds: options.heartbeatTimeoutMilliseconds, now: now)
        lastArrival.store(now, ordering: .relaxed)
        watchesArrival.store(true, ordering: .relaxed)
        knownArrival = now
        beat()
    }

    /// The peer said how long it may at most be silent. On the reader's thread.
    func watchForSilence(ttlTenths: UInt16) {
        lastArrival.store(cmc_now_ns(), ordering: .relaxed)
        watchesArrival.store(true, ordering: .relaxed)
        engine.ioThread.post { [weak self] in
            guard let self, self.phase == .established else { return }
            let now = cmc_now_ns()
            var heartbeat =
                self.heartbeat
                ?? Heartbeat(
                    intervalMilliseconds: 0, ttlMilliseconds: 0, timeoutMilliseconds: -1, now: now)
            // What came with the PING, or before it, is no news after it.
            self.learnArrival(&heartbeat)
            heartbeat.pingReceived(ttlTenths: ttlTenths, now: now)
            self.heartbeat = heartbeat
            self.beat()
        }
    }

    private func beat() {
        if let timer = heartbeatTimer { engine.ioThread.cancelTimer(timer) }
        heartbeatTimer = nil
        guard phase == .established, var heartbeat else { return }
        let now = cmc_now_ns()
        learnArrival(&heartbeat)
        switch heartbeat.poll(now: now) {
        case .none: break
        case .sendPing: sendPing(ttlTenths: heartbeat.pingTTLTenths)
        case .expired:
            if hasUnread {
                // The peer is not silent, we are slow: its bytes wait for a receiver.
                lastArrival.store(now, ordering: .relaxed)
                heartbeat.received(now: now)
            } else {
                engine.lock.lock()
                breakLink()
                engine.settleAndUnlock()
                return
            }
        }
        self.heartbeat = heartbeat
        guard let deadline = heartbeat.nextDeadline else { return }
        heartbeatTimer = engine.ioThread.addTimer(
            afterNanoseconds: deadline > now ? deadline - now : 1_000_000
        ) { [weak self] in
            self?.heartbeatTimer = nil
            self?.beat()
        }
    }

    /// Tells the heartbeat of what has arrived since it was last told.
    private func learnArrival(_ heartbeat: inout Heartbeat) {
        let arrival = lastArrival.load(ordering: .relaxed)
        guard arrival != knownArrival else { return }
        knownArrival = arrival
        heartbeat.received(now: arrival)
    }

    /// Whether bytes have arrived that nobody has read yet.
    private var hasUnread: Bool {
        engine.lock.withLock { isStalled || isReady }
            || cmc_poll_one(link.descriptor, CMC_POLL_IN, 0) > 0
    }

    private func sendPing(ttlTenths: UInt16) {
        var ping: [UInt8] = []
        Command.encodePing(ttlTenths: ttlTenths, into: &ping)
        engine.lock.lock()
        if let pipe, !isEnded { pipe.writeEncoded(ping) }
        engine.settleAndUnlock()
    }
}
