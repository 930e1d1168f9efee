import Foundation
import MCTestSupport
import Synchronization
import Testing

@testable import MCLock

@Suite(.timeLimit(.minutes(1)))
struct EngineLockTests {
    /// Numbers that two threads at once would get wrong.
    private final class Account: @unchecked Sendable {
        var left = 0
        var right = 0
    }

    @Test func oneAtATime() {
        let lock = EngineLock.create()
        let account = Account()
        let each = 50_000
        let done = DispatchGroup()
        for thread in 0..<4 {
            done.enter()
            startThread {
                for index in 0..<each {
                    // Sometimes without waiting, sometimes held for long.
                    if index % 3 == 0 {
                        while !lock.tryLock() { sched_yield() }
                    } else {
                        lock.lock()
                    }
                    account.left += 1
                    if index % 2000 == thread * 17 { usleep(50) }
                    account.right += 1
                    lock.unlock()
                }
                done.leave()
            }
        }
        done.wait()
        #expect(account.left == 4 * each)
        #expect(account.right == 4 * each)
        lock.destroy()
    }

    @Test func tryLockDoesNotWait() {
        let lock = EngineLock.create()
        #expect(lock.tryLock())
        #expect(!lock.tryLock())
        lock.unlock()
        #expect(lock.tryLock())
        lock.unlock()
        lock.destroy()
    }

    /// A sleeper is woken by every unlock that follows, also when many sleep.
    @Test func sleepersAreWoken() {
        let lock = EngineLock.create()
        for _ in 0..<50 {
            lock.lock()
            let done = DispatchGroup()
            for _ in 0..<6 {
                done.enter()
                startThread {
                    lock.withLock {}
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
        let lock = EngineLock.create()
        #expect(throws: Failure.self) {
            try lock.withLock { () throws(Failure) in throw Failure() }
        }
        #expect(lock.tryLock())
        lock.unlock()
        lock.destroy()
    }
}
