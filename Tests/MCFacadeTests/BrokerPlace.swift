import MCFacade
import Testing

/// A load-balancing broker's two ends, its clients and its workers.
struct BrokerPlace {
    let context: Context
    let frontend: RouterSocket
    let backend: RouterSocket
    let asks: String
    let works: String

    init(
        _ context: Context, _ way: Way, options: SocketOptions = .test
    ) throws {
        self.context = context
        frontend = try RouterSocket(context: context, options: options)
        backend = try RouterSocket(context: context, options: .test)
        asks = try frontend.bind(way.fresh)
        works = try backend.bind(way.fresh)
    }

    func client() throws -> ReqSocket {
        let client = try ReqSocket(context: context, options: .test)
        try client.connect(asks)
        return client
    }

    func worker(_ name: String) throws -> BrokerHand {
        let hand = try BrokerHand(context, works, name)
        try hand.socket.send("READY")
        return hand
    }

    /// One that the broker knows as idle when this returns.
    func idleWorker(_ name: String, of broker: LoadBalancingBroker) throws -> BrokerHand {
        let idle = broker.statistics.idleWorkers
        let hand = try worker(name)
        try #require(eventually { broker.statistics.idleWorkers == idle + 1 })
        return hand
    }
}

/// A worker that does what the test says.
struct BrokerHand {
    let socket: ReqSocket

    init(_ context: Context, _ endpoint: String, _ name: String) throws {
        socket = try ReqSocket(
            context: context, options: .test { $0.routingID = bytes(name) })
        try socket.connect(endpoint)
    }

    /// The next request, and the envelope to answer it with.
    func take() throws -> (envelope: [[UInt8]], text: String) {
        let parts = try socket.parts()
        let body = parts.last ?? []
        return (Array(parts.dropLast()), String(decoding: body, as: UTF8.self))
    }

    func answer(_ envelope: [[UInt8]], _ text: String) throws {
        try socket.send(parts: envelope + [bytes(text)])
    }
}
