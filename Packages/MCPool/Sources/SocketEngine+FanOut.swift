import CMCLinux
import Synchronization

/// A run of messages for many pipes, seen from the engine (see `FanOut`): its sender writes it when it
/// is long enough, the flusher when it has become old.
extension SocketEngine {
    /// How long the flusher leaves a run to a sender that adds to it.
    static let runNanoseconds: UInt64 = 100_000

    /// A run has begun. Lock held.
    func opened(_ run: FanOut) {
        openFanOut = run
        hasWork = true
    }

    /// The run has ended. Lock held.
    func closedFanOut() {
        openFanOut = nil
        runOpened.store(0, ordering: .relaxed)
    }

    /// Ends a run that has just begun when the socket was idle, so that it is written at once; else
    /// sees to it that the flusher knows. Lock held.
    func flushOrWatchFanOut() {
        let now = cmc_now_ns()
        if now &- lastTurn.load(ordering: .relaxed) >= SocketEngine.burstNanoseconds {
            openFanOut?.close(isDue: true)
        } else if runOpened.load(ordering: .relaxed) == 0 {
            runOpened.store(now, ordering: .relaxed)
            startTicking()
        }
    }

    /// Whether the flusher leaves the socket alone, as far as runs go: while one grows its sender will
    /// end it, and to look closer would cost that the lock. On the I/O thread, without the lock.
    func leavesFanOut() -> Bool {
        let opened = runOpened.load(ordering: .relaxed)
        if opened == 0 {
            quietFanOutTicks &+= 1
            return quietFanOutTicks <= 10
        }
        quietFanOutTicks = 0
        let length = runLength.value
        defer { seenRun = (opened, length) }
        return seenRun != (opened, length)
            && cmc_now_ns() &- opened < SocketEngine.runNanoseconds
    }
}

/// How many messages a run has, for whoever looks without the lock. A plain pointer, so that a message
/// pays for no reference to the engine, which destroys it.
@safe
struct RunLength: @unchecked Sendable {
    // Safe because the engine outlives its runs, and its own turn on the I/O thread.
    private let count: UnsafeMutablePointer<Atomic<Int>>

    static func create() -> RunLength {
        let count = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
        unsafe count.initialize(to: Atomic(0))
        return unsafe RunLength(count: count)
    }

    func destroy() { unsafe count.deallocate() }

    var value: Int {
        get { unsafe count.pointee.load(ordering: .relaxed) }
        nonmutating set { unsafe count.pointee.store(newValue, ordering: .relaxed) }
    }
}
