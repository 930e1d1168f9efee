import CMCLinux
import Foundation
import MCQueue
import MCTestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct WaiterTests {
    private func now(plusMilliseconds milliseconds: Int = 0) -> UInt64 {
        cmc_now_ns() + UInt64(milliseconds) * 1_000_000
    }

    @Test func timesOut() {
        let start = now()
        #expect(!Waiter().sleep(until: start + 60_000_000))
        let elapsed = now() - start
        #expect(elapsed >= 60_000_000)
        #expect(elapsed < 2_000_000_000)
        // A deadline that has passed is no sleep at all.
        #expect(!Waiter().sleep(until: 1))
    }

    @Test func aWakeBeforeTheSleepCounts() {
        let waiter = Waiter()
        waiter.wake()
        #expect(waiter.sleep(until: nil))
        #expect(waiter.sleep(until: 1))
    }

    @Test func wakesASleepingThread() {
        for round in 0..<200 {
            let waiter = Waiter()
            startThread {
                if round % 2 == 0 { usleep(UInt32(round)) }
                waiter.wake()
            }
            #expect(waiter.sleep(until: now(plusMilliseconds: 10_000)))
        }
    }

    @Test(arguments: [WakeReason.signalled, .timedOut, .cancelled])
    func resumesATask(reason: WakeReason) async {
        let got = await withUnsafeContinuation { continuation in
            let waiter = Waiter(continuation)
            startThread { waiter.wake(reason) }
        }
        #expect(got == reason)
    }

    @Test func listsKeepTheOrder() {
        var list = WaiterList()
        #expect(list.isEmpty)
        #expect(list.takeFirst() == nil)
        let waiters = (0..<5).map { _ in Waiter() }
        for waiter in waiters { list.append(waiter) }
        #expect(list.takeFirst() === waiters[0])
        let removed = [2, 2, 0].map { list.remove(waiters[$0]) }
        #expect(removed == [true, false, false])
        let rest = list.takeAll()
        #expect(rest.count == 3)
        #expect(zip(rest, [1, 3, 4]).allSatisfy { $0 === waiters[$1] })
        #expect(list.isEmpty)
    }

    @Test func signals() throws {
        let signal = try #require(EventSignal())
        func isReadable() -> Bool { cmc_poll_one(signal.descriptor, CMC_POLL_IN, 0) == 1 }
        #expect(!isReadable())
        signal.set()
        signal.set()
        #expect(isReadable())
        signal.clear()
        #expect(!isReadable())
        signal.clear()
        signal.set()
        #expect(isReadable())
    }
}
