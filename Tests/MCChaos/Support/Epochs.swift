import Glibc
import MCFacade
import MCMemory
import MCTestSupport

/// A run of many short epochs, each from a seed of its own. After each the process must hold no more
/// than after the first, in which it got what a process needs once.
struct Epochs {
    /// Of the first epoch; each seed gives the next.
    var seed: UInt64
    let seconds: Double
    /// What the process and each epoch had: messages, kills and so on, summed up.
    private var totals: [String: Int] = [:]
    /// What was allocated after the first epochs.
    private var earlyKiB: Int?
    private var base = ProcessUsage()
    private var files: [Int: String] = [:]

    init(seed: UInt64, seconds: Double) {
        self.seed = seed
        self.seconds = seconds
    }

    /// Runs epochs until the time is over.
    ///
    /// - Parameter body: gets an epoch's seed and says what it has counted; throws what is wrong.
    /// - Returns: false when something was wrong, which has been said, with the seed.
    mutating func run(_ body: (UInt64) throws -> [String: Int]) -> Bool {
        try? warmUp()
        say("begin \(ProcessUsage.line)")
        let began = now()
        var count = 0
        while now() - began < seconds {
            do {
                say("epoch \(count) seed=\(String(seed, radix: 16))")
                let counts = try body(seed)
                if count == 0 { takeBase() }
                try settle()
                totals.merge(counts) { $0 + $1 }
                say("epoch \(count) \(describe(counts)) \(ProcessUsage.line)")
            } catch {
                say("failed MC_SEED=\(String(seed, radix: 16)): \(error)")
                Activity.dump()
                return false
            }
            var generator = SeededGenerator(seed: seed)
            seed = generator.next()
            count += 1
            // Sanitizers keep what is freed.
            if count == Epochs.first, !isSanitized { earlyKiB = restingKiB() }
        }
        guard isFlat() else { return false }
        say("passed epochs=\(count) \(describe(totals)) \(ProcessUsage.line)")
        return true
    }

    private func describe(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// Threads that poll leave up to sixteen descriptors behind for the next ones; tasks that poll no
    /// socket are helped by the shared context's thread; the tasks' runtime keeps a timer for each clock.
    private func warmUp() throws {
        let context = Context()
        defer { context.close() }
        let socket = try PairSocket(context: context)
        defer { socket.close() }
        try inParallel(16) { _ in
            let poller = Poller()
            poller.add(socket, for: .canReceive)
            _ = try poller.wait(timeoutMilliseconds: 200)
        }
        try inTask {
            _ = try await Poller().wait(timeoutMilliseconds: 1)
            try await Task.sleep(for: .milliseconds(1), clock: .continuous)
            try await Task.sleep(for: .milliseconds(1), clock: .suspending)
        }
    }

    /// What the process holds when nothing has changed for a while.
    private mutating func takeBase() {
        let deadline = now() + 10
        var since = now()
        base = ProcessUsage()
        while now() - since < 0.5, now() < deadline {
            usleep(20_000)
            let usage = ProcessUsage()
            if usage.descriptors != base.descriptors { since = now() }
            base = usage
        }
        files = OpenFiles.now()
    }

    /// So many epochs get a process what it needs once.
    private static let first = 6

    /// Tasks' threads come and go.
    private static let taskThreads = 8

    /// Waits until descriptors and threads are as before: connections linger, threads end.
    private mutating func settle() throws {
        let deadline = now() + 20
        var usage = ProcessUsage()
        while usage.descriptors > base.descriptors
            || usage.threads > base.threads + Epochs.taskThreads
        {
            guard now() < deadline else {
                for (number, target) in OpenFiles.now() where files[number] != target {
                    say("note descriptor \(number): \(target) \(OpenFiles.address(of: target))")
                }
                throw Failure(
                    "\(usage.descriptors) descriptors and \(usage.threads) threads are left; "
                        + "before \(base.descriptors) and \(base.threads)")
            }
            usleep(5_000)
            usage = ProcessUsage()
        }
    }

    // MARK: Memory

    /// Waits until the threads that tasks ran on have ended (they do after five idle seconds), because
    /// each keeps blocks for its next messages, and counts what is left.
    private func restingKiB() -> Int {
        let deadline = now() + 20
        var threads = 0
        var since = now()
        while now() - since < 5.5, now() < deadline {
            usleep(100_000)
            let count = ProcessUsage().threads
            if count != threads { (threads, since) = (count, now()) }
        }
        Heap.trim()
        malloc_trim(0)
        let allocated = allocatedKiB()
        say("rest \(ProcessUsage.line) allocated=\(allocated)")
        return allocated
    }

    /// Whether no more is allocated than after the first epochs, in which a process gets what it needs
    /// once.
    private func isFlat() -> Bool {
        guard let early = earlyKiB else { return true }
        let late = restingKiB()
        guard late > early + max(1024, early / 4) else { return true }
        say("failed memory: \(early) KiB after the first epochs, \(late) in the end")
        return false
    }
}
