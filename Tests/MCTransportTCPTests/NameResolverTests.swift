import MCLock
import Glibc
@testable import MCTransportTCP
import Synchronization
import MCTestSupport
import Testing

@Suite struct NameResolverTests {
    @Test func `Look-ups run side by side, on so many threads and no more`() async {
        let resolver = NameResolver(maximumThreads: 3)
        let counts = Locked((running: 0, most: 0, done: 0))
        await withCheckedContinuation { (all: CheckedContinuation<Void, Never>) in
            for _ in 0..<20 {
                resolver.submit { canRun in
                    #expect(canRun)
                    counts.withLock {
                        $0.running += 1
                        $0.most = max($0.most, $0.running)
                    }
                    usleep(5000)
                    let done = counts.withLock {
                        $0.running -= 1
                        $0.done += 1
                        return $0.done
                    }
                    if done == 20 { all.resume() }
                }
            }
        }
        #expect(counts.withLock { $0.most } == 3)
    }

    @Test func `A resolver at rest works again`() async {
        let resolver = NameResolver(maximumThreads: 1)
        for _ in 0..<50 {
            let ran = await withCheckedContinuation { done in
                resolver.submit { done.resume(returning: $0) }
            }
            #expect(ran)
        }
    }

    @Test func `A runaway is stopped`() {
        let resolver = NameResolver(maximumThreads: 0)
        let refused = Atomic<Int>(0)
        for _ in 0..<(NameResolver.maximumWaiting + 5) {
            resolver.submit { if !$0 { refused.add(1, ordering: .relaxed) } }
        }
        #expect(refused.load(ordering: .relaxed) == 5)
    }

    // A sanitizer's own memory is beyond the limit that the test sets.
    @Test(.enabled(if: !isSanitized))
    func `Without a thread a look-up fails at once`() async {
        await #expect(processExitsWith: .success) {
            // Room for no further thread's stack.
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            limit.rlim_cur = 1
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            let refused = Atomic<Int>(0)
            NameResolver(maximumThreads: 2).submit { if !$0 { refused.add(1, ordering: .relaxed) } }
            precondition(refused.load(ordering: .relaxed) == 1)
        }
    }
}
