import MCLock
import CMCLinux
import MCMemory
import MCQueue
package import MCTransport
package import MCTransportInproc
import Synchronization

/// Everything of one socket below its typed face: its pipes, its waiters, who reads and who
/// writes.
///
/// The engine is caller-runs. A thread that sends encodes into the pipe's buffer and, when the
/// pipe was idle, writes it itself; a thread that receives reads the socket's descriptors itself.
/// The I/O thread does what nobody is there to do: it flushes after a burst, reads while no
/// receiver is inside, dials and shakes hands. `Packages/README.md` draws the data path.
///
/// Two roles let work go on without the lock:
/// - the **writer role** of a pipe (`PipeState.isWriting`): writes `flight`, one at a time;
/// - the **reader role** of the socket (`isReading`): reads and decodes all its connections.
///
/// - Thread rule: the package methods may be called from any thread. Members are guarded by `lock`
///   unless they say otherwise.
/// - Ownership: the I/O thread keeps an open engine alive; `close` starts its end.
public final class SocketEngine: @unchecked Sendable {
    /// A pipe with so many bytes is written by whoever appends to it: in two full writes.
    package static let flushBytes = 240 << 10
    /// A socket that was written more recently is in a burst: the flusher writes, not the sender. Of
    /// the socket and not of each pipe, because who sends to many in turn would find every one idle,
    /// and pay a system call for each message.
    static let burstNanoseconds: UInt64 = 8_000
    /// How long after a receiver left the I/O thread takes the reading over.
    static let leaseNanoseconds: UInt64 = 5_000_000
    /// How long receivers may take to decode what was read for them.
    static let unreadNanoseconds: UInt64 = 20_000_000

    /// Up to such a high-water mark the kernel is kept from queueing much on its own account.
    static let fewMessages = 64

    enum State {
        case open
        /// Closed by the user; what was sent is still being delivered (LINGER).
        case lingering
        case ended
    }

    /// Who waits on the socket's epoll set.
    enum ReadOwner {
        case ioThread
        case receivers
    }

    let lock = BiasedLock.create()
    package let pattern: any Pattern
    /// The pattern's, kept here because asking it costs three calls a message.
    let plainQueue: FairQueue?
    let plainBalancer: LoadBalancer?
    /// Changes only while there are no endpoints (`move`).
    var ioThread: IOThread
    let transports: [Scheme: any StreamTransport]
    let datagrams: [Scheme: any DatagramTransport]
    let inproc: InprocRegistry
    /// All connected streams of the socket.
    let pollSet: PollSet

    var options: EngineOptions
    var state = State.open
    var isContextTerminated = false

    // Pipes.
    var pipes: [Pipe] = []
    /// Set when one of the lists below has work for `settle`.
    var hasWork = false
    var dirty: [Pipe] = []
    var drained: [Pipe] = []
    var notices: [Notice] = []
    var wakes: [Waiter] = []
    /// Messages that will not be sent, to be let go without the lock.
    var discarded: [Recovered] = []
    /// In-process pipes that ended here, of which the other ends are to be told.
    var cuts: [Cut] = []
    var spare = SpareLists()
    var watched: [Pipe] = []
    /// In-process pipes that are out of the turn, and whose other end has not been asked to tell of a
    /// message, or of room.
    var quietPipes: [Pipe] = []
    var fullPipes: [Pipe] = []
    var lookout = Lookout()
    var isTicking = false
    /// When a turn of writing ended last, on any pipe. Not guarded.
    let lastTurn = Atomic<UInt64>(0)
    /// How many threads hold a writer role. Not guarded, for the flusher's look from outside.
    let turnsUnderWay = Atomic<Int>(0)
    /// Whether `watched` has pipes; not guarded, for the flusher's look from outside.
    let hasWatched = Atomic<Bool>(false)
    /// A run of messages that is not in its pipes yet.
    var openFanOut: FanOut?
    /// When it began; 0 while there is none, or nobody has looked at it. Not guarded.
    let runOpened = Atomic<UInt64>(0)
    /// How many messages it has. Not guarded.
    let runLength = RunLength.create()
    /// Only on the I/O thread.
    var skippedTicks = 0
    var seenTurn: UInt64 = 0
    var quietFanOutTicks = 11
    var seenRun = (opened: UInt64(0), length: 0)

    // Reading.
    var isReading = false
    var isReaderAsleep = false
    /// The reader's: a signal came while it waited.
    var wasInterrupted = false
    var readOwner = ReadOwner.ioThread
    var isLeaseTimerSet = false
    /// Receivers stayed away: the I/O thread decodes what they have left.
    var isLeaseOver = false
    var lastLeave: UInt64 = 0
    var streamCount = 0
    /// Connections that have undecoded bytes, or whose last read was full.
    var readyConnections: [Connection] = []
    /// The reader's, empty between its turns.
    var spareReady: [Connection] = []
    /// The reader's: how often in a row it has not asked the socket's set.
    var turnsWithoutLook = 0
    /// Connections that ended while somebody was reading; let go when the reader leaves.
    var graveyard: [Connection] = []
    /// Connections that have ended and that the socket's set may still name: kept until there is a new
    /// one.
    var stranded: [Connection] = []
    /// Connections to be ended as soon as the reader leaves.
    var pendingEnds: [Connection] = []
    var isBackgroundReadPosted = false

    // Receivers and senders.
    var style: ReceiveStyle?
    var receiveWaiters = WaiterList() {
        didSet { hasReceiveWaiters = !receiveWaiters.isEmpty }
    }
    /// Known without touching the list, which would cost a retain on every message.
    var hasReceiveWaiters = false
    var sendWaiters = WaiterList()
    /// Counts when there may be room that was not there before.
    var roomNews: UInt = 0
    /// For when the timer of the suspended tasks is set; `max` while it is not.
    var taskDeadline = UInt64.max
    var callback: (@Sendable (borrowing Message) -> Void)?
    var isDeliveryPosted = false
    var signal: EventSignal?
    var isSignalled = false
    /// Pollers that are to be told when the socket's state may have changed.
    var watchers: [any Watcher] = []
    /// Those of them that wait on the socket's epoll set, and read what comes.
    var sleepingPollers = 0

    let monitors = Monitors()
    /// Whether there have been any. Not guarded.
    let hasMonitors = Atomic<Bool>(false)

    // Endpoints.
    var endpoints: [EndpointRecord] = []
    package internal(set) var lastEndpoint = ""
    var lingerTimer: UInt64?
    /// Links that were closed and not yet drained.
    var drainingLinks = 0
    var isLingerOver = false
    var onEnd: (@Sendable () -> Void)?
    /// Only on the I/O thread.
    var ioToken: UInt64 = 0

    /// - Throws: when the process has no descriptors or threads left for the socket.
    package convenience init(
        pattern: any Pattern, options: EngineOptions, ioThread: IOThread,
        transports: [Scheme: any StreamTransport],
        datagrams: [Scheme: any DatagramTransport] = [:], inproc: InprocRegistry
    ) throws(SocketError) {
        // Made before everything that is only given back by an engine that came to be.
        let pollSet = try PollSet(for: "a socket")
        try self.init(
            pollSet, pattern: pattern, options: options, ioThread: ioThread,
            transports: transports, datagrams: datagrams, inproc: inproc)
    }

    private init(
        _ pollSet: PollSet, pattern: any Pattern, options: EngineOptions,
        ioThread: IOThread, transports: [Scheme: any StreamTransport],
        datagrams: [Scheme: any DatagramTransport], inproc: InprocRegistry
    ) throws(SocketError) {
        self.pollSet = pollSet
        self.pattern = pattern
        plainQueue = pattern.plainQueue
        plainBalancer = pattern.plainBalancer
        self.options = options
        self.ioThread = ioThread
        self.transports = transports
        self.datagrams = datagrams
        self.inproc = inproc
        try ioThread.start()
        pollSet.onLost.withLock {
            $0 = { [weak self] in
                guard let self else { return }
                self.ioThread.post { self.setLost() }
            }
        }
        ioThread.post { self.begin() }
    }

    deinit {
        lock.destroy()
        runLength.destroy()
    }

    /// On the I/O thread: waits on the socket's set from now on.
    func begin() {
        ioToken = ioThread.register(self)
        lock.withLock { isRegistered = state != .ended }
        rewatch()
    }

    /// Whether the I/O thread has the set in its own.
    var isRegistered = false

    /// Whether there is somebody to send to, now or when the connection is there.
    package var hasPeers: Bool { lock.withLock { !pipes.isEmpty } }
    package var canSend: Bool { pattern.canSend }
    package var canReceive: Bool { pattern.canReceive }

    package var lastEndpointNow: String { lock.withLock { lastEndpoint } }

    /// At process exit: a socket that its owner did not close loses what it has not sent.
    package func abandonIfOpen() {
        lock.lock()
        let isOpen = state == .open
        if isOpen { options.lingerMilliseconds = 0 }
        lock.unlock()
        if isOpen { close() }
    }

    var optionsSnapshot: EngineOptions { lock.withLock { options } }

    /// Changes options while the socket is in use; what can take effect at once does.
    package func setOptions(_ change: (inout EngineOptions) -> Void) {
        lock.lock()
        change(&options)
        for pipe in pipes {
            pipe.setLimits(options)
            if pipe.hasRoom { pattern.writable(pipe) }
        }
        wakeSenders()
        settleAndUnlock()
    }

    package func getOptions() -> EngineOptions { optionsSnapshot }

    /// Runs `body` with the lock held and does afterwards what it left to do; for pattern
    /// operations of the facade such as subscribing.
    package func withPattern<Result>(
        _ body: (any Pattern) throws(SocketError) -> Result
    ) throws(SocketError) -> Result {
        lock.lock()
        guard state == .open else {
            lock.unlock()
            throw closedError()
        }
        let result: Result
        do {
            result = try body(pattern)
        } catch {
            settleAndUnlock()
            throw error
        }
        settleAndUnlock()
        return result
    }

    /// Runs `body` with the lock held, whatever the socket's state; for the pattern's own options.
    package func access<Result>(_ body: () -> Result) -> Result {
        lock.lock()
        defer {
            wakeSenders()
            settleAndUnlock()
        }
        return body()
    }

    func interruptedError() -> SocketError {
        SocketError(.interrupted, "a signal came while the \(pattern.socketType) socket waited")
    }

    func closedError() -> SocketError {
        isContextTerminated
            ? SocketError(.terminated, "the context of the \(pattern.socketType) socket is closed")
            : SocketError(.closed, "the \(pattern.socketType) socket is closed")
    }
}

/// News for the socket at the other end of an in-process pipe, told after the lock is let go.
struct Notice {
    enum Kind {
        case message
        case room
    }
    /// The socket that is told.
    let engine: SocketEngine
    /// Keeps the pipe.
    let pair: InprocPair
    /// The pipe of the socket that is told.
    let pipe: Pipe
    let kind: Kind
}
