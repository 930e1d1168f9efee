public import CMCLinux
public import Synchronization

/// The lock of a socket's engine: as `EngineLock`, but the thread that takes it most pays for no
/// locked instruction.
///
/// A thread that keeps taking the lock becomes its **owner**: it writes a number of its own and looks
/// whether somebody else wants in. Everybody else takes a mutex, says so, has the kernel order the
/// owner's write and look (membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED), and waits until the
/// owner is out. An owner that stays away loses the bias again. After `claimCount` owners there is
/// none any more, and the lock is a mutex.
///
/// The idea is that of Dice, Huang and Yang ("Asymmetric Dekker Synchronization", 2001).
///
/// - Budget: for the owner two plain writes and three reads to take it and let it go; for the first
///   to come without an owner two locked instructions; for a stranger a membarrier on top.
/// - Thread rule: unlocked by the thread that locked.
/// - Ownership: the handle is a plain pointer; its owner calls `destroy` when no thread can come
///   any more.
@safe
@frozen
public struct BiasedLock: ScopedLock, @unchecked Sendable {
    /// What an owner writes; on a cache line of its own.
    @frozen
    @usableFromInline
    struct Claim: ~Copyable {
        @usableFromInline let thread: UInt
        /// Odd while the owner is inside; only the owner writes it.
        @usableFromInline let turns = Atomic<UInt>(0)

        init(thread: UInt) { self.thread = thread }
    }

    @safe
    @frozen
    @usableFromInline
    struct Shared: ~Copyable {
        /// The owner's claim.
        @usableFromInline let claim = unsafe Atomic<UnsafeMutablePointer<Claim>?>(nil)
        /// Not 0 while somebody who is not the owner is inside, or wants to be.
        @usableFromInline let isRevoked = Atomic<UInt32>(0)
        /// For all but the owner, and for the owner when it finds the bias revoked.
        let mutex = EngineLock.create()
    }

    /// Who shall be the owner; guarded by the mutex.
    private struct Policy {
        var claimCount = 0
        var lastThread: UInt = 0
        var streak = 0
        /// What the owner had written when somebody else came last.
        var seenTurns: UInt = 0
        var idleVisits = 0
    }

    static let stride = 128
    /// Owners that a lock has in its life: a claim is never used again, because its thread may look
    /// at it at any time.
    static let claimCount = 8
    /// So often in a row the mutex is taken by one thread before that becomes the owner.
    static let streakToOwn = 64
    /// So often in a row somebody else comes without the owner having been there meanwhile.
    static let idleVisitsToLose = 64

    @usableFromInline let shared: UnsafeMutablePointer<Shared>

    private init(shared: UnsafeMutablePointer<Shared>) { unsafe self.shared = shared }

    public static func create() -> BiasedLock {
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: (2 + claimCount) * stride, alignment: stride)
        let shared = unsafe raw.bindMemory(to: Shared.self, capacity: 1)
        unsafe shared.initialize(to: Shared())
        let lock = unsafe BiasedLock(shared: shared)
        unsafe lock.policy.initialize(to: Policy())
        return lock
    }

    /// Behind the shared part.
    private var policy: UnsafeMutablePointer<Policy> {
        unsafe (UnsafeMutableRawPointer(shared) + BiasedLock.stride)
            .assumingMemoryBound(to: Policy.self)
    }

    /// Behind that.
    private func place(ofClaim number: Int) -> UnsafeMutablePointer<Claim> {
        unsafe (UnsafeMutableRawPointer(shared) + (2 + number) * BiasedLock.stride)
            .assumingMemoryBound(to: Claim.self)
    }

    public func destroy() {
        unsafe shared.pointee.mutex.destroy()
        unsafe shared.deinitialize(count: 1)
        unsafe UnsafeMutableRawPointer(shared).deallocate()
    }

    @inlinable
    @inline(__always)
    public func lock() {
        if let claim = unsafe shared.pointee.claim.load(ordering: .relaxed),
            unsafe claim.pointee.thread == cmc_thread_id()
        {
            let turns = unsafe claim.pointee.turns.load(ordering: .relaxed)
            unsafe claim.pointee.turns.store(turns &+ 1, ordering: .relaxed)
            // The processor may still look first: the stranger's membarrier is the other half.
            cmc_compiler_fence()
            if unsafe shared.pointee.isRevoked.load(ordering: .acquiring) == 0,
                unsafe shared.pointee.claim.load(ordering: .relaxed) == claim
            {
                return
            }
            unsafe claim.pointee.turns.store(turns, ordering: .releasing)
        }
        lockSlow()
    }

    @inlinable
    @inline(__always)
    public func unlock() {
        if let claim = unsafe shared.pointee.claim.load(ordering: .relaxed),
            unsafe claim.pointee.thread == cmc_thread_id()
        {
            let turns = unsafe claim.pointee.turns.load(ordering: .relaxed)
            if turns & 1 == 1 {
                unsafe claim.pointee.turns.store(turns &+ 1, ordering: .releasing)
                return
            }
        }
        unlockSlow()
    }
}

// MARK: - By the mutex

extension BiasedLock {
    @usableFromInline
    @inline(never)
    func lockSlow() {
        unsafe shared.pointee.mutex.lock()
        let thread = cmc_thread_id()
        if let claim = unsafe shared.pointee.claim.load(ordering: .relaxed) {
            if unsafe claim.pointee.thread != thread { unsafe revoke(claim) }
        } else if unsafe policy.pointee.claimCount < BiasedLock.claimCount {
            consider(thread)
        }
    }

    @usableFromInline
    @inline(never)
    func unlockSlow() {
        if unsafe shared.pointee.isRevoked.load(ordering: .relaxed) != 0 {
            unsafe shared.pointee.isRevoked.store(0, ordering: .releasing)
        }
        unsafe shared.pointee.mutex.unlock()
    }

    /// Waits until the owner is out, and keeps it out. Holds the mutex.
    private func revoke(_ claim: UnsafeMutablePointer<Claim>) {
        unsafe shared.pointee.isRevoked.store(1, ordering: .relaxed)
        // Behind this the owner has seen that, or we see that it is inside.
        cmc_membarrier()
        var turns = unsafe claim.pointee.turns.load(ordering: .acquiring)
        var looks = 0
        while turns & 1 == 1 {
            // Its sections are short, but it may have lost its processor in one.
            looks += 1
            if looks < 100 { cmc_pause() } else { cmc_yield() }
            unsafe turns = claim.pointee.turns.load(ordering: .acquiring)
        }
        let wasThere = unsafe turns != policy.pointee.seenTurns
        unsafe policy.pointee.seenTurns = turns
        unsafe policy.pointee.idleVisits = wasThere ? 0 : policy.pointee.idleVisits + 1
        if unsafe policy.pointee.idleVisits >= BiasedLock.idleVisitsToLose {
            unsafe shared.pointee.claim.store(nil, ordering: .releasing)
            unsafe policy.pointee.idleVisits = 0
            unsafe policy.pointee.streak = 0
        }
    }

    /// Makes a thread that keeps coming the owner. Holds the mutex.
    private func consider(_ thread: UInt) {
        guard unsafe thread == policy.pointee.lastThread else {
            unsafe policy.pointee.lastThread = thread
            unsafe policy.pointee.streak = 0
            return
        }
        unsafe policy.pointee.streak += 1
        guard unsafe policy.pointee.streak >= BiasedLock.streakToOwn, cmc_has_membarrier() != 0
        else {
            return
        }
        let claim = unsafe place(ofClaim: policy.pointee.claimCount)
        unsafe claim.initialize(to: Claim(thread: thread))
        unsafe policy.pointee.claimCount += 1
        unsafe policy.pointee.seenTurns = 0
        unsafe shared.pointee.claim.store(claim, ordering: .releasing)
    }

    /// Whether some thread has the bias; for tests.
    var isOwned: Bool { unsafe shared.pointee.claim.load(ordering: .relaxed) != nil }
}
