import BenchModel
import Testing

@Suite struct StatisticsTests {
    @Test func theMedianIsTheMiddle() {
        #expect(median([3]) == 3)
        #expect(median([4, 1, 3]) == 3)
        #expect(median([4, 1, 3, 2]) == 2.5)
    }

    @Test func nothingHasNoMedian() {
        #expect(median([]) == nil)
        #expect(quantile([], 0.5) == nil)
    }

    @Test func quantilesAreNearestRanks() {
        let values = (1...1000).map { Double($0) }.shuffled()
        #expect(quantile(values, 0.5) == 500)
        #expect(quantile(values, 0.99) == 990)
        #expect(quantile(values, 0.999) == 999)
        #expect(quantile(values, 0) == 1)
        #expect(quantile(values, 1) == 1000)
    }
}
