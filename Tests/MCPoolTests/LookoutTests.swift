import Testing

@testable import MCPool

struct LookoutTests {
    /// Looking on in vain is given up, longer each time; one time that it helps brings it back.
    @Test func adaptsByItself() {
        var lookout = Lookout(processors: 2)
        var tries = 0
        for _ in 0..<10_000 where lookout.nanoseconds(option: -1) > 0 {
            tries += 1
            lookout.ended(found: false)
        }
        #expect((10_000 >> Lookout.mostMisses...10_000 >> (Lookout.mostMisses - 2)).contains(tries))
        var skipped = 0
        while lookout.nanoseconds(option: -1) == 0 { skipped += 1 }
        #expect(skipped < 1 << Lookout.mostMisses)
        for _ in 0..<100 {
            lookout.ended(found: true)
            #expect(lookout.nanoseconds(option: -1) == Lookout.automaticNanoseconds)
        }
    }

    @Test func doesAsItIsTold() {
        var lookout = Lookout(processors: 2)
        for _ in 0..<100 {
            #expect(lookout.nanoseconds(option: 0) == 0)
            #expect(lookout.nanoseconds(option: 7) == 7000)
            lookout.ended(found: false)
        }
        #expect(lookout.streamNanoseconds(option: -1) == 0)
        #expect(lookout.streamNanoseconds(option: 0) == 0)
        #expect(lookout.streamNanoseconds(option: 7) == 7000)
    }

    /// Nothing changes while the only processor is busy looking.
    @Test func oneProcessorNeverLooks() {
        var lookout = Lookout(processors: 1)
        for option in [-1, 0, 7] {
            #expect(lookout.nanoseconds(option: option) == 0)
            #expect(lookout.streamNanoseconds(option: option) == 0)
        }
    }
}
