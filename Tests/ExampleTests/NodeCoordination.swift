import MCFacade

// Node coordination: nobody misses the beginning (the Guide, chapter 2).
//
// A PUB socket sends to those who have subscribed so far, and connecting takes a moment: what is published
// at once is lost. Two ways to wait until all are there.
//
// With XPUB, which is told of subscriptions:
//
//   publisher                                subscribers
//   XPUB  ◄── 1, topic (a subscription) ──   SUB
//         ── topic… ──►                            when so many have come
//
// With PUB, and a hello both ways, for subscribers that one wants to know by name:
//
//   PUB   ── "HELLO", over and over ──►      SUB
//   REP   ◄── name: "I hear you" ──          REQ   when it has heard it, once
//         ── empty ──►
//         ── topic… ──►                            when so many have said so
//
// After that nothing is lost, as far as the publisher waits for room (`waitsForRoom`) where a subscriber is
// slow: by default it does not.

/// A publisher that counts its subscribers.
struct CountingPublisher {
    let socket: XPubSocket
    private var counts: [[UInt8]: Int] = [:]

    /// - Parameter socket: neither bound nor connected yet, so that nobody is missed.
    init(socket: XPubSocket) {
        self.socket = socket
        // Otherwise only the first subscription to each topic is told.
        socket.verbosity = .all
    }

    /// Waits until so many are subscribed to a topic.
    mutating func waitForSubscribers(_ count: Int, to topic: [UInt8]) async throws {
        while counts[topic, default: 0] < count {
            let news = try await socket.receive().bytes()
            guard let first = news.first else { continue }
            counts[Array(news.dropFirst()), default: 0] += first == 1 ? 1 : -1
        }
    }
}

/// A hello both ways, for a publisher that wants to know who is there.
enum Hello {
    static let hello = [UInt8]("HELLO".utf8)

    /// Says hello until so many have heard it.
    ///
    /// - Returns: their names.
    static func gather(
        _ count: Int, publisher: PubSocket, replies: RepSocket,
        interval: Duration = .milliseconds(10)
    ) async throws -> Set<[UInt8]> {
        let poller = Poller()
        poller.add(replies, for: .canReceive)
        var names: Set<[UInt8]> = []
        var nextHello = ContinuousClock.now
        while names.count < count {
            if ContinuousClock.now >= nextHello {
                nextHello = .now + interval
                try await publisher.send(hello)
            }
            _ = try await poller.wait(timeoutMilliseconds: milliseconds(until: nextHello))
            while let name = try replies.tryReceive()?.bytes() {
                names.insert(name)
                try await replies.send([])
            }
        }
        return names
    }

    /// Waits for the publisher's hello, and answers it. The subscriber has a subscription to everything, or
    /// to `hello` and what it is here for.
    static func report(
        as name: [UInt8], subscriber: SubSocket, requests: ReqSocket
    ) async throws {
        while try await subscriber.receive().bytes() != hello {}
        try await requests.send(name)
        _ = try await requests.receive()
    }
}
