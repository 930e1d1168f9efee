import Foundation
import MCTestSupport
import Synchronization
import Testing

@testable import MCLock

/// What both locks are.
protocol TestedLock: ScopedLock {
    static func create() -> Self
    func destroy()
}

extension EngineLock: TestedLock {}
extension BiasedLock: TestedLock {}

@Suite(.timeLimit(.minutes(3)))
struct LockTests {
    static let locks: [any TestedLock.Type] = [EngineLock.self, BiasedLock.self]

    /// Numbers that two threads at once would get wrong.
    private final class Account: @unchecked Sendable {
        var left = 0
        var right = 0
    }

    /// Several threads take a lock, each so often, and sometimes keep it for long.
    private func expectOneAtATime(_ lock: some TestedLock, turns: [Int]) {
        let account = Account()
        let done = DispatchGroup()
        for (thread, count) in turns.enumerated() {
            done.enter()
            startThread {
                for index in 0..<count {
                    lock.lock()
                    account.left += 1
                    if index % 2000 == thread * 17 { usleep(50) }
                    account.right += 1
                    lock.unlock()
                    // Others come now and then, while the one with the most turns is at it.
                    if count * 10 < turns.max() ?? 0 { usleep(20) }
                }
                done.leave()
            }
        }
        done.wait()
        let total = turns.reduce(0, +)
        #expect(account.left == total)
        #expect(account.right == total)
    }

    @Test(arguments: locks)
    func allEqual(_ type: any TestedLock.Type) {
        let lock = type.create()
        expectOneAtATime(lock, turns: Array(repeating: scaled(50_000), count: 4))
        lock.destroy()
    }

    /// One thread owns the lock by its many turns, others come in between.
    @Test(arguments: locks)
    func oneFarAhead(_ type: any TestedLock.Type) {
        let lock = type.create()
        expectOneAtATime(lock, turns: [scaled(2_000_000), scaled(2_000), scaled(2_000)])
        lock.destroy()
    }

    /// Owners come and go, more of them than a biased lock has claims.
    @Test(arguments: locks)
    func onePerRound(_ type: any TestedLock.Type) {
        let lock = type.create()
        for _ in 0..<2 * BiasedLock.claimCount {
            expectOneAtATime(lock, turns: [10_000])
            expectOneAtATime(lock, turns: [10_000, 100, 1000])
        }
        lock.destroy()
    }

    /// A sleeper is woken by every unlock that follows, also when many sleep.
    @Test(arguments: locks)
    func sleepersAreWoken(_ type: any TestedLock.Type) {
        let lock = type.create()
        for _ in 0..<50 {
            // Often enough to be the owner.
            for _ in 0..<100 {
                lock.lock()
                lock.unlock()
            }
            lock.lock()
            let done = DispatchGroup()
            for _ in 0..<6 {
                done.enter()
                startThread {
                    lock.lock()
                    lock.unlock()
                    done.leave()
                }
            }
            usleep(300)
            lock.unlock()
            #expect(done.wait(timeout: .now() + 10) == .success)
        }
        lock.destroy()
    }

    @Test func errorsLetTheLockGo() {
        struct Failure: Error {}
        let lock = BiasedLock.create()
        for _ in 0..<200 {
            #expect(throws: Failure.self) {
                try lock.withLock { () throws(Failure) in throw Failure() }
            }
        }
        lock.destroy()
    }

    /// The bias goes to who keeps coming, and is lost by who stays away.
    @Test func theBiasGoesWithTheUse() {
        let lock = BiasedLock.create()
        func use(_ count: Int) {
            for _ in 0..<count {
                lock.lock()
                lock.unlock()
            }
        }
        func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
            let done = DispatchSemaphore(value: 0)
            startThread {
                body()
                done.signal()
            }
            done.wait()
        }
        use(BiasedLock.streakToOwn)
        #expect(!lock.isOwned)
        use(1)
        #expect(lock.isOwned)
        // The owner's visits keep it, however often others come.
        for _ in 0..<2 * BiasedLock.idleVisitsToLose {
            onAnotherThread { lock.withLock {} }
            use(1)
        }
        #expect(lock.isOwned)
        // The first of these visits still finds that the owner has been there.
        onAnotherThread { for _ in 0...BiasedLock.idleVisitsToLose { lock.withLock {} } }
        #expect(!lock.isOwned)
        use(1000)
        #expect(lock.isOwned)
        lock.destroy()
    }
}
