import CMCLinux
import MCLock
import MCMemory
import MCPool

/// One `run` of a load-balancing broker, from its beginning to its end.
///
/// - Thread rule: one task at a time.
final class BrokerTurn: @unchecked Sendable {
    private let broker: LoadBalancingBroker
    private var desk: WorkerDesk
    private let idlePoller = Poller()
    private let busyPoller = Poller()
    private var nextCheck: UInt64 = 0

    init(of broker: LoadBalancingBroker) {
        self.broker = broker
        desk = WorkerDesk(attemptsPerRequest: max(1, broker.options.attemptsPerRequest))
        busyPoller.add(broker.workers, for: .canReceive)
        idlePoller.add(broker.workers, for: .canReceive)
        idlePoller.add(broker.clients, for: .canReceive)
    }

    /// How many messages are taken at once from one side.
    private static let messagesPerTurn = 256

    func serve(takesRequests: Bool) async throws(SocketError) {
        while !Task.isCancelled, !broker.steering.read({ $0.isStopped }) {
            var isBusy = try collect()
            try check()
            isBusy = try handOut(takesRequests: takesRequests) || isBusy
            tell()
            if !takesRequests && desk.isQuiet { return }
            if isBusy {
                await Task.yield()
                continue
            }
            let poller = takesRequests && desk.hasIdle ? idlePoller : busyPoller
            let time = max(1, broker.options.checkIntervalMilliseconds)
            do throws(SocketError) {
                _ = try await poller.wait(timeoutMilliseconds: desk.isQuiet ? -1 : time)
            } catch {
                if error.code == .cancelled { return }
                throw error
            }
        }
    }

    func end() {
        desk.abandon()
        report(.brokerEnded)
        tell()
    }

    // MARK: From the workers

    /// - Returns: whether there was something.
    private func collect() throws(SocketError) -> Bool {
        var message = Message()
        for count in 0..<BrokerTurn.messagesPerTurn {
            guard try broker.workers.engine.takeForTask(into: &message) else {
                return count > 0
            }
            take(message)
            message = Message()
        }
        return true
    }

    private func take(_ given: consuming Message) {
        var message = given
        let worker = message.removeFirst()?.array ?? []
        if message.count > 1, message.withFrame(0, { $0.isEmpty }) { _ = message.removeFirst() }
        if message.count == 1, message.bytes() == broker.options.readyFrame {
            desk.ready(worker)
            report(.attemptsExhausted)
            return
        }
        let outcome: WorkerDesk.ReplyOutcome =
            message.isEmpty ? .unexpected : desk.replied(worker, to: message.bytes())
        guard outcome == .accepted else {
            broker.counts.withLock { $0.unexpected += 1 }
            return
        }
        let isDelivered: Bool
        do throws(SocketError) {
            try broker.clients.send(message, .dontWait)
            isDelivered = true
        } catch {
            // The client's: gone, or without room. A closed socket is noticed by the next look.
            isDelivered = false
        }
        broker.counts.withLock {
            if isDelivered { $0.replies += 1 } else { $0.undelivered += 1 }
        }
    }

    /// Looks after the workers that are busy, when it is time.
    private func check() throws(SocketError) {
        let now = cmc_now_ns()
        guard !desk.isQuiet, now >= nextCheck else { return }
        nextCheck = now + UInt64(max(1, broker.options.checkIntervalMilliseconds)) * 1_000_000
        // In this order: what a worker sent before it went is there by now.
        let gone = Set(desk.busyWorkers.filter { !broker.workers.isConnected(to: $0) })
        guard !gone.isEmpty || !desk.late(now: now).isEmpty else { return }
        while try collect() {}
        desk.gone { gone.contains($0) }
        let late = Set(desk.late(now: now))
        desk.gone { late.contains($0) }
        report(.attemptsExhausted)
    }

    // MARK: To the workers

    /// - Returns: whether there was something to hand out, and somebody to do it.
    private func handOut(takesRequests: Bool) throws(SocketError) -> Bool {
        for count in 0..<BrokerTurn.messagesPerTurn {
            guard desk.hasIdle else { return count > 0 }
            var request = desk.takeAgain()
            if request == nil, takesRequests { request = try newRequest() }
            guard let request else { return count > 0 }
            try handOut(request)
        }
        return true
    }

    private func newRequest() throws(SocketError) -> WorkerDesk.Request? {
        var message = Message()
        guard try broker.clients.engine.takeForTask(into: &message) else { return nil }
        return WorkerDesk.Request(message)
    }

    private func handOut(_ request: WorkerDesk.Request) throws(SocketError) {
        let timeout = broker.options.answerTimeoutMilliseconds
        while let worker = desk.takeWorker() {
            var message = Message(Frame(worker))
            message.append(Frame([UInt8]()))
            for index in 0..<request.message.count {
                message.append(request.message.withFrame(index) { $0.copy() })
            }
            do throws(SocketError) {
                try broker.workers.send(message, .dontWait)
            } catch {
                switch error.code {
                // Gone, or does not read: it must come again.
                case .hostUnreachable, .wouldBlock: continue
                default:
                    desk.putBack(request)
                    throw error
                }
            }
            if request.attempts == 0 { broker.counts.withLock { $0.requests += 1 } }
            desk.assign(
                request, to: worker,
                until: timeout > 0 ? cmc_now_ns() + UInt64(timeout) * 1_000_000 : nil)
            return
        }
        desk.putBack(request)
    }

    // MARK: What others are told

    private func report(_ loss: LoadBalancingBroker.Loss) {
        for request in desk.takeLost() {
            broker.counts.withLock { $0.lost += 1 }
            broker.whenLost?(request.message, loss)
        }
    }

    private func tell() {
        broker.counts.withLock {
            $0.retries = desk.retries
            $0.idleWorkers = desk.idleCount
            $0.busyWorkers = desk.busyCount
        }
    }
}
