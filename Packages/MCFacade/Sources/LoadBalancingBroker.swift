import MCLock
public import MCMemory
public import MCPool

/// Hands requests of clients to the worker that has been idle longest (the Guide's load-balancing
/// pattern), which is fair where a DEALER's round robin would queue requests behind a slow worker.
///
/// Two ROUTER sockets: clients connect REQ or DEALER sockets to one, workers theirs to the other.
///
/// | who sends | frames |
/// |---|---|
/// | a worker, first of all | (empty) `READY` |
/// | a client (REQ) | (empty) request… |
/// | the broker to the worker | empty, client, empty, request… |
/// | the worker (REQ) | (empty) client, empty, reply… |
/// | the broker to the client | empty, reply… |
///
/// The frames in parentheses are those that REQ sockets add by themselves. A worker works on one request
/// at a time, and its reply makes it idle again.
///
/// Requests wait in the clients' pipes while no worker is idle: nothing is received for which there is
/// nobody, so that the clients' high-water marks hold.
///
/// A worker whose connection has ended, that says `READY` while it should work, or that takes longer than
/// `answerTimeoutMilliseconds`, is forgotten, and another one gets its request: **a request may be done
/// more than once**, but is answered once. One that was handed out `attemptsPerRequest` times in vain is
/// given to `whenLost`, and so is what is under way when the broker ends. Heartbeats
/// (`SocketOptions.heartbeatIntervalMilliseconds` of the workers' socket) find workers whose hosts are gone.
///
/// ```swift
/// let broker = LoadBalancingBroker(clients: frontend, workers: backend)
/// try await broker.run()          // or broker.runBlocking() on a thread of its own
/// ```
///
/// - Thread rule: any thread may steer it. Nobody else may receive from the sockets meanwhile.
/// - Ownership: keeps its sockets, and does not close them; makes both mandatory
///   (`RouterSocket.isMandatory`), since it must know who is there.
public final class LoadBalancingBroker: Sendable, SteeredWork {
    public struct Options: Sendable {
        /// How often a request is handed out at most; 1: a request is never done twice.
        public var attemptsPerRequest = 3
        /// After how long a worker without an answer is taken for lost. 0: never, as long as it is
        /// connected.
        public var answerTimeoutMilliseconds = 0
        /// How often busy workers are looked after: that they are there, and in time.
        public var checkIntervalMilliseconds = 100
        /// What a worker says when it comes.
        public var readyFrame = [UInt8]("READY".utf8)

        public init() {}
    }

    /// Why a request is not answered.
    public enum Loss: Sendable {
        /// So many workers have gone with it as options allow.
        case attemptsExhausted
        /// The broker ended while a worker had it, or while it waited for another.
        case brokerEnded
    }

    public struct Statistics: Sendable, Equatable {
        /// Requests that were handed out; each counts once.
        public var requests = 0
        /// Replies that went to their clients.
        public var replies = 0
        /// How often a request was handed out again.
        public var retries = 0
        /// Requests that were given to `whenLost`.
        public var lost = 0
        /// Replies whose clients have gone, or have no room.
        public var undelivered = 0
        /// Messages of workers that answered nothing they were asked.
        public var unexpected = 0
        public var idleWorkers = 0
        public var busyWorkers = 0
    }

    let clients: RouterSocket
    let workers: RouterSocket
    let options: Options
    let whenLost: (@Sendable (borrowing Message, Loss) -> Void)?
    let steering = Steering(of: "broker", whenShutDown: { $0.isFinishing = true })
    let counts = Locked(Statistics())

    /// - Parameter whenLost: is told of each request that will not be answered, with the client's
    ///   envelope in front: an apology that keeps these frames can be sent through the clients' socket.
    ///   Called in the broker's task; must not block.
    public init(
        clients: RouterSocket, workers: RouterSocket, options: Options = .init(),
        whenLost: (@Sendable (borrowing Message, Loss) -> Void)? = nil
    ) {
        self.clients = clients
        self.workers = workers
        self.options = options
        self.whenLost = whenLost
        clients.isMandatory = true
        workers.isMandatory = true
    }

    public var statistics: Statistics { counts.withLock { $0 } }

    /// Takes no more requests; `run` ends when those under way are answered, or lost.
    public func finish() { steering.change { $0.isFinishing = true } }

    /// Ends `run` at once. A broker that was stopped does not run again.
    public func stop() { steering.change { $0.isStopped = true } }

    /// Hands out requests until `finish` or `stop`, or until a socket is closed. In a service group (with
    /// the package trait `ServiceLifecycle`), a graceful shutdown finishes it.
    ///
    /// - Throws: `closed` or `terminated` when a socket is, `cancelled` when the task is, `invalidState`
    ///   when the broker runs already, or was stopped.
    public func run() async throws(SocketError) {
        try steering.begin()
        let turn = BrokerTurn(of: self)
        defer {
            turn.end()
            steering.end()
        }
        try await steering.run(
            [Serving(turn: turn, takesRequests: true)],
            until: { $0.isStopped || $0.isFinishing })
        try await steering.run([Serving(turn: turn, takesRequests: false)])
    }

    /// As `run`, for a thread of one's own, which waits meanwhile.
    public func runBlocking() throws(SocketError) {
        try Steering.runBlocking(self)
    }

    private struct Serving: SteeredWork {
        let turn: BrokerTurn
        let takesRequests: Bool

        func run() async throws(SocketError) {
            try await turn.serve(takesRequests: takesRequests)
        }
    }
}
