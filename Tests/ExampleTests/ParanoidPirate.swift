import MCFacade

// The paranoid pirate: a queue and workers that watch each other (the Guide, chapter 4; RFC 6).
//
//   lazy pirates                     queue                     workers
//   REQ ── request… ──►  ROUTER │ least recently used │ ROUTER ──►  DEALER
//
// | who sends | frames | when |
// |---|---|---|
// | a worker | 1 | it has come, and can work |
// | both | 2 | every interval: "I am still there" |
// | the queue | client, empty, request… | it is the turn of this worker |
// | the worker | client, empty, answer… | it is done, and can work again |
//
// - A worker that has not been heard of for `liveness` intervals while it should be idle is forgotten.
// - A queue that has not been heard of for as long is dead: the worker connects anew, after a pause that
//   doubles each time, so that a queue that comes back is not run over.
// - A worker that dies with a request loses it. The client asks again: see `LazyPirateClient`.

enum ParanoidPirate {
    static let ready: [UInt8] = [1]
    static let heartbeat: [UInt8] = [2]

    /// What both sides agree upon.
    struct Rhythm: Sendable {
        var interval = Duration.seconds(1)
        var liveness = 3
        var shortestPause = Duration.seconds(1)
        var longestPause = Duration.seconds(32)

        /// When somebody who is heard of now is dead if not heard of again.
        var expiry: ContinuousClock.Instant { .now + interval * liveness }
    }
}

/// Stands between clients and workers.
struct ParanoidPirateQueue {
    let clients: RouterSocket
    let workers: RouterSocket
    var rhythm = ParanoidPirate.Rhythm()

    private struct Idle {
        let worker: [UInt8]
        var expiry: ContinuousClock.Instant
    }

    /// Until its task is cancelled, or a socket is closed.
    func run() async throws {
        // To send to a worker that has gone is an error, upon which another one gets the request.
        workers.isMandatory = true
        let workersOnly = Poller()
        workersOnly.add(workers, for: .canReceive)
        let both = Poller()
        both.add(workers, for: .canReceive)
        both.add(clients, for: .canReceive)

        var idle: [Idle] = []
        var nextBeat = ContinuousClock.now + rhythm.interval
        while true {
            // Requests are left with the clients while nobody could do them.
            let poller = idle.isEmpty ? workersOnly : both
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: nextBeat))
            while let message = try workers.tryReceive() {
                try await take(message.parts, &idle)
            }
            idle.removeAll { $0.expiry < .now }
            while !idle.isEmpty, let request = try clients.tryReceive() {
                handOut(request.parts, &idle)
            }
            if ContinuousClock.now >= nextBeat {
                nextBeat = .now + rhythm.interval
                for worker in idle {
                    try? workers.send(
                        parts: [worker.worker, ParanoidPirate.heartbeat], .dontWait)
                }
            }
        }
    }

    private func take(_ parts: [[UInt8]], _ idle: inout [Idle]) async throws {
        let (worker, content) = (parts[0], Array(parts.dropFirst()))
        if content == [ParanoidPirate.heartbeat] {
            // One that is not idle does not become so by being alive.
            guard let index = idle.firstIndex(where: { $0.worker == worker }) else { return }
            idle[index].expiry = rhythm.expiry
            return
        }
        idle.removeAll { $0.worker == worker }
        idle.append(Idle(worker: worker, expiry: rhythm.expiry))
        // A client that has gone needs no answer: a ROUTER drops it.
        if content != [ParanoidPirate.ready] { try await clients.send(parts: content) }
    }

    private func handOut(_ request: [[UInt8]], _ idle: inout [Idle]) {
        while !idle.isEmpty {
            let worker = idle.removeFirst().worker
            if (try? workers.send(parts: [worker] + request, .dontWait)) != nil { return }
        }
        // All have just gone: the client asks again.
    }
}

/// Works for a queue, whichever is at the endpoint.
struct ParanoidPirateWorker {
    let endpoint: String
    let context: Context
    var rhythm = ParanoidPirate.Rhythm()

    /// Until its task is cancelled.
    func run(_ work: ([[UInt8]]) async throws -> [[UInt8]]) async throws {
        var pause = rhythm.shortestPause
        while true {
            if try await serve(work) { pause = rhythm.shortestPause }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, rhythm.longestPause)
        }
    }

    /// Works until the queue is not heard of any more.
    ///
    /// - Returns: whether it ever was.
    private func serve(_ work: ([[UInt8]]) async throws -> [[UInt8]]) async throws -> Bool {
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        let queue = try DealerSocket(context: context, options: options)
        defer { queue.close() }
        try queue.connect(endpoint)
        try await queue.send(ParanoidPirate.ready)
        let poller = Poller()
        poller.add(queue, for: .canReceive)

        var hasHeard = false
        var expiry = rhythm.expiry
        var nextBeat = ContinuousClock.now + rhythm.interval
        while ContinuousClock.now < expiry {
            let soonest = min(nextBeat, expiry)
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: soonest))
            while let message = try queue.tryReceive() {
                let parts = message.parts
                hasHeard = true
                if parts.count > 2 {
                    let answer = try await work(Array(parts.dropFirst(2)))
                    try await queue.send(parts: Array(parts.prefix(2)) + answer)
                }
                expiry = rhythm.expiry
            }
            if ContinuousClock.now >= nextBeat {
                nextBeat = .now + rhythm.interval
                try await queue.send(ParanoidPirate.heartbeat)
            }
        }
        return hasHeard
    }
}
