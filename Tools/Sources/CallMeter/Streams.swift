private import Glibc
internal import MCFacade
private import MCommSupport

/// One end sends as fast as the other takes.
extension Path {
    func stream(_ context: Context, _ meter: Meter) throws {
        let pull = try PullSocket(context: context, options: options)
        let push = try PushSocket(context: context, options: options)
        try push.connect(try pull.bind(endpoint))
        let sender = WorkerThread {
            try untilClosed { try sendUntilDone(push, meter) }
        }
        let receiver = try startReceiving(pull, meter)
        meter.waitUntilDone()
        push.close()
        pull.close()
        try receiver?.join()
        try sender.join()
    }

    /// Sends, and stays so near to the receiver that the calls of a round are those of as many
    /// messages at either end: kernel buffers could feed the receiver for rounds.
    private func sendUntilDone(_ socket: some SendingSocket, _ meter: Meter) throws {
        let lead = meter.messagesPerRound / 10
        meter.startSending()
        while !meter.isDone {
            try socket.send(payload)
            meter.noteSent()
            while !isNearByItself, meter.ahead > lead, !meter.isDone { usleep(20) }
        }
    }

    /// In one process there are the queues alone; a sender that meets a high-water mark waits there.
    private var isNearByItself: Bool { endpoint.hasPrefix("inproc") && name != .pubSub }

    /// Receives in the path's way. A thread of its own where the way has none.
    private func startReceiving(_ pull: PullSocket, _ meter: Meter) throws -> WorkerThread? {
        switch name {
        case .pushPullCallback:
            try pull.onMessage { _ in meter.pass() }
            return nil
        case .pushPullAwait:
            receiveInTask {
                while !meter.isDone {
                    _ = try await pull.receive()
                    meter.pass()
                }
            }
            return nil
        case .pushPullSequence:
            receiveInTask { for try await _ in pull.messages { meter.pass() } }
            return nil
        case .pushPullInto:
            return WorkerThread {
                var message = Message()
                while !meter.isDone {
                    try pull.receive(into: &message)
                    meter.pass()
                }
            }
        default:
            return receiveOnThread(pull, meter)
        }
    }

    private func receiveOnThread(_ socket: some ReceivingSocket, _ meter: Meter) -> WorkerThread {
        // A receiver of large messages that keeps up with its sender reads them in pieces, as many as
        // their threads happen to meet. This one stays behind.
        let lag = payload.count > 1024 ? meter.messagesPerRound / 20 : 0
        return WorkerThread {
            while !meter.isDone {
                while meter.ahead < lag, !meter.isDone { usleep(20) }
                _ = try socket.receive()
                meter.pass()
            }
        }
    }

    private func receiveInTask(_ body: @escaping @Sendable () async throws -> Void) {
        Task {
            do {
                try await body()
            } catch {
                fail("\(name.rawValue): \(error)")
            }
        }
    }

    func publish(_ context: Context, _ meter: Meter) throws {
        // PUB drops what goes beyond a high-water mark: none, for the lead is a limit already.
        var options = options
        options.sendHighWaterMark = 0
        options.receiveHighWaterMark = 0
        let pub = try PubSocket(context: context, options: options)
        let sub = try SubSocket(context: context, options: options)
        try sub.subscribe()
        try sub.connect(try pub.bind(endpoint))
        let receiver = receiveOnThread(sub, meter)
        // Into the void until the subscription has arrived.
        while meter.count == 0 {
            try pub.send(payload)
            usleep(1_000)
        }
        try sendUntilDone(pub, meter)
        try receiver.join()
    }
}

/// Runs a body that ends at the latest when its socket is closed.
func untilClosed(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as SocketError where error.code == .closed || error.code == .terminated {
        return
    }
}
