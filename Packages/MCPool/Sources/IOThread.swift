import CMCLinux
import Glibc
import MCLock
import MCQueue
import Synchronization

/// What the I/O thread calls when a descriptor is ready.
protocol EventHandler: AnyObject {
    func handle(events: UInt32)

    /// The thread's set is a new one: the handler adds to it what it waits for.
    func rewatch()

    /// A descriptor that was registered with the handler is somebody else's: other code of the process
    /// has closed it, and its number has been given away.
    func descriptorLost(_ descriptor: Int32)

    /// The thread has ended, and calls nobody any more.
    func threadEnded()
}

extension EventHandler {
    func descriptorLost(_ descriptor: Int32) {}

    func threadEnded() {}
}

/// The thread behind a context's sockets: it accepts and dials, shakes hands, reads for sockets
/// that nobody is receiving on, writes what senders left behind, and keeps the timers.
///
/// It is a helper, not a relay: in steady state the application's own threads read and write
/// (`SocketEngine`), and the I/O thread sleeps.
///
/// - Thread rule: `post`, `watch` and `arm` are for any thread; the rest runs on this thread.
package final class IOThread: @unchecked Sendable {
    /// How often sockets with unwritten bytes are looked at, while there are any: from the shorter time
    /// on, up to the longer one while their senders keep writing for themselves, whom a look only
    /// disturbs.
    static let shortestTick: Int64 = 20_000
    static let longestTick: Int64 = 100_000

    private struct Mailbox {
        var commands: [@Sendable () -> Void] = []
        var ticking: [SocketEngine] = []
        var isParked = false
        var isStopping = false
        var isRunning = false
        var hasEnded = false
    }

    private let mailbox = Locked<Mailbox>(Mailbox())
    let pollSet: PollSet
    var epoll: Int32 { pollSet.descriptor }

    private let thread = Atomic<UInt>(0)

    // Only on the thread.
    var handlers: [UInt64: any EventHandler] = [:]
    /// The token with which each descriptor was registered.
    var owners: [Int32: UInt64] = [:]
    var lastToken: UInt64 = 0
    /// The set has entries that cannot be removed, or is not ours any more.
    var needsRenewal = false
    private var timers = TimerQueue()
    private var ticking: [SocketEngine] = []
    private var hasNewTicking = false
    private var tickNanoseconds = IOThread.shortestTick

    /// When suspended tasks are to be woken in any case.
    let alarms = TaskAlarms()

    private let settings: IOThreadSettings
    private let name: String

    package init(
        settings: IOThreadSettings = IOThreadSettings(), name: String = "mc-io"
    ) throws(SocketError) {
        self.settings = settings
        self.name = name
        pollSet = try PollSet(for: "the I/O thread")
    }

    // MARK: Any thread

    /// Starts the thread, once.
    ///
    /// - Throws: when the system has no thread for it; another call tries again.
    package func start() throws(SocketError) {
        let error = mailbox.withLock { mailbox in
            if mailbox.isRunning { return Int32(0) }
            let error = startThread()
            mailbox.isRunning = error == 0
            return error
        }
        guard error == 0 else {
            throw SocketError(
                .systemError, "the system has no thread for the I/O thread", errno: -error)
        }
    }

    /// - Returns: a negative errno value, 0 when the thread runs.
    private func startThread() -> Int32 {
        let box = unsafe Unmanaged.passRetained(self)
        let error = unsafe cmc_thread_start(
            { argument in
                guard let argument = unsafe argument else { return nil }
                let thread = unsafe Unmanaged<IOThread>.fromOpaque(argument).takeRetainedValue()
                thread.settings.apply(name: thread.name)
                thread.run()
                return nil
            }, unsafe box.toOpaque(), 512 << 10)
        if error != 0 { unsafe box.release() }
        return error
    }

    /// Ends the thread when what was posted before is done.
    package func stop() {
        signal { $0.isStopping = true }
    }

    /// Runs `command` on the thread, in the order of posting. When the thread has ended, nobody
    /// runs it, and nobody keeps it.
    ///
    /// - Returns: false then.
    @discardableResult
    func post(_ command: @escaping @Sendable () -> Void) -> Bool {
        var hasEnded = false
        signal { mailbox in
            hasEnded = mailbox.hasEnded
            if !hasEnded { mailbox.commands.append(command) }
        }
        return !hasEnded
    }

    /// Looks at the engine's unwritten pipes every tick until there are none.
    func watch(_ engine: SocketEngine) {
        signal { $0.ticking.append(engine) }
    }

    /// Runs `command` on the thread and returns when it is done; at once when this is the thread.
    func runAndWait(_ command: @escaping @Sendable () -> Void) {
        if thread.load(ordering: .acquiring) == cmc_thread_id() {
            command()
            return
        }
        let waiter = Waiter()
        let wasPosted = mailbox.withLock { mailbox in
            guard !mailbox.hasEnded else { return false }
            mailbox.commands.append {
                command()
                waiter.wake()
            }
            return true
        }
        guard wasPosted else { return }
        signal { _ in }
        _ = waiter.sleep(until: nil)
    }

    private func signal(_ change: (inout Mailbox) -> Void) {
        let wasParked = mailbox.withLock { mailbox in
            change(&mailbox)
            defer { mailbox.isParked = false }
            return mailbox.isParked
        }
        if wasParked { pollSet.signal() }
    }

    // MARK: On the thread

    func addTimer(afterNanoseconds delay: UInt64, _ action: @escaping () -> Void) -> UInt64 {
        timers.add(deadline: cmc_now_ns() + delay, action: action)
    }

    func cancelTimer(_ id: UInt64) { timers.cancel(id) }

    private func run() {
        thread.store(cmc_thread_id(), ordering: .releasing)
        let capacity = 64
        let events = UnsafeMutablePointer<cmc_event>.allocate(capacity: capacity)
        defer { unsafe events.deallocate() }
        while true {
            guard takeMail() else { break }
            if needsRenewal || pollSet.isLost { renewSet() }
            let count = unsafe cmc_epoll_wait(epoll, events, Int32(capacity), timeout())
            if count > 0 {
                for index in 0..<Int(count) { unsafe dispatch(events[index]) }
            } else if count < 0, count != -EINTR {
                needsRenewal = true
            }
            if !timers.isEmpty {
                let now = cmc_now_ns()
                while let action = timers.takeDue(now: now) { action() }
            }
            tick()
        }
        let late = mailbox.withLock { mailbox in
            mailbox.hasEnded = true
            defer { mailbox.commands = [] }
            return mailbox.commands
        }
        for command in late { command() }
        for handler in handlers.values { handler.threadEnded() }
        alarms.threadEnded()
        handlers = [:]
        owners = [:]
        timers = TimerQueue()
        ticking = []
    }

    private func dispatch(_ event: cmc_event) {
        if event.token == 0 {
            pollSet.clear()
        } else if pollSet.value(of: event.token) != nil {
            // A handler that has gone meanwhile has no entry any more.
            handlers[event.token]?.handle(events: event.events)
        } else {
            // It is another set that was waited in.
            needsRenewal = true
        }
    }

    /// Runs what was posted.
    ///
    /// - Returns: false when the thread is to end.
    private func takeMail() -> Bool {
        while true {
            let (commands, engines, stops) = mailbox.withLock { mailbox in
                let mail = (mailbox.commands, mailbox.ticking, mailbox.isStopping)
                mailbox.commands = []
                mailbox.ticking = []
                // Parked means: whoever posts from now on must signal. With engines to tick the
                // wait is a tick long and nobody needs to.
                mailbox.isParked =
                    mail.0.isEmpty && mail.1.isEmpty && ticking.isEmpty && !mail.2
                return mail
            }
            if !engines.isEmpty {
                ticking.append(contentsOf: engines)
                hasNewTicking = true
            }
            for command in commands { command() }
            if !commands.isEmpty { continue }
            return !stops
        }
    }

    private func timeout() -> Int64 {
        // To wake this thread took longer than a tick: a burst may be over already.
        if hasNewTicking { return 0 }
        if !ticking.isEmpty { return tickNanoseconds }
        guard let deadline = timers.nextDeadline() else { return -1 }
        let now = cmc_now_ns()
        return deadline > now ? Int64(clamping: deadline - now) : 0
    }

    private func tick() {
        let isNew = hasNewTicking
        hasNewTicking = false
        guard !ticking.isEmpty else { return }
        var isBusy = false
        ticking.removeAll { engine in
            let found = engine.tick()
            if found == .busy { isBusy = true }
            return found == .over
        }
        tickNanoseconds =
            isBusy && !isNew
            ? min(2 * tickNanoseconds, IOThread.longestTick) : IOThread.shortestTick
    }
}
