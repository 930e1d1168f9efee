import CMCLinux
import MCLock
import MCQueue
import Synchronization

/// In-process pipes that have no message, or no room. They are looked at for a moment; only then the
/// other end is asked to tell of a change, which costs it a system call and the lock of this engine.
extension SocketEngine {
    func noteQuiet(_ pipe: Pipe) {
        guard !pipe.pointee.isNotedQuiet else { return }
        pipe.pointee.isNotedQuiet = true
        quietPipes.append(pipe)
        hasWork = true
    }

    func noteFull(_ pipe: Pipe) {
        // Who was asked to tell, and has not told yet, will.
        guard !pipe.pointee.isNotedFull,
            pipe.pointee.peer?.pointee.isProducerWaiting.load(ordering: .relaxed) != true
        else { return }
        pipe.pointee.isNotedFull = true
        fullPipes.append(pipe)
        hasWork = true
    }

    /// Asks the other ends to tell of a message, or of room. Lock held.
    func askToBeTold() {
        // Taken out first: the pattern may note a pipe again.
        var quiet = spare.quiet
        var full = spare.full
        spare.quiet = []
        spare.full = []
        swap(&quiet, &quietPipes)
        swap(&full, &fullPipes)
        defer {
            quiet.removeAll(keepingCapacity: quiet.count <= SpareLists.mostKept)
            full.removeAll(keepingCapacity: full.count <= SpareLists.mostKept)
            spare.quiet = quiet
            spare.full = full
        }
        for pipe in quiet {
            pipe.pointee.isNotedQuiet = false
            pipe.pointee.isAsleep.store(true, ordering: .relaxed)
        }
        for pipe in full {
            pipe.pointee.isNotedFull = false
            pipe.pointee.peer?.pointee.isProducerWaiting.store(true, ordering: .relaxed)
        }
        // They change the queue, then look whether they shall tell; we say so, then look at the
        // queue once more. With the fence between, one of the two sees the other.
        cmc_fence_heavy()
        var isReadable = false
        for pipe in quiet where !pipe.pointee.received.isEmpty {
            pipe.pointee.isAsleep.store(false, ordering: .relaxed)
            pattern.readable(pipe)
            isReadable = true
        }
        if isReadable { wakeReceivers() }
        var isWritable = false
        for pipe in full where pipe.hasRoomNow {
            pattern.writable(pipe)
            isWritable = true
        }
        if isWritable { wakeSenders() }
    }

    /// Puts pipes that have a message by now into the turn again. Lock held.
    ///
    /// - Returns: whether there were any.
    func takeBackReadable() -> Bool {
        var found = false
        while let index = quietPipes.firstIndex(where: { !$0.pointee.received.isEmpty }) {
            let pipe = quietPipes.remove(at: index)
            pipe.pointee.isNotedQuiet = false
            pattern.readable(pipe)
            found = true
        }
        return found
    }

    /// Puts pipes that have room by now into the turn again. Lock held.
    ///
    /// - Returns: whether there were any.
    func takeBackWritable() -> Bool {
        var found = false
        while let index = fullPipes.firstIndex(where: { $0.hasRoomNow }) {
            let pipe = fullPipes.remove(at: index)
            pipe.pointee.isNotedFull = false
            pattern.writable(pipe)
            found = true
        }
        return found
    }

    /// Looks on for a moment, not beyond `deadline`, before a thread goes to sleep. Lock held; let go
    /// meanwhile.
    ///
    /// - Returns: whether what it waits for is there, or the socket is closed.
    func lookOn(until deadline: UInt64?, for isThere: () -> Bool) -> Bool {
        let limit = lookout.nanoseconds(option: options.spinMicroseconds)
        guard limit > 0 else { return false }
        let end = min(cmc_now_ns() + limit, deadline ?? .max)
        repeat {
            lock.unlock()
            for _ in 0..<4 { cmc_pause() }
            lock.lock()
            if isThere() || state != .open {
                lookout.ended(found: true)
                return true
            }
        } while cmc_now_ns() < end
        lookout.ended(found: false)
        return false
    }
}
