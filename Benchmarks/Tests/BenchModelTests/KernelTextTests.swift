import BenchModel
import Testing

@Suite struct KernelTextTests {
    @Test func ticksAreReadFromStat() {
        let text = "cpu  10 1 20 300 4 5 6 7 8 9\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1\n"
        // Guests are not counted twice.
        #expect(
            ProcessorTicks(statistics: text) == ProcessorTicks(stolen: 7, idle: 304, total: 353))
    }

    @Test(arguments: ["", "cpu0 1 2 3 4 5 6 7 8\n", "cpu  1 2 3\n", "cpu  1 2 x 4 5 6 7 8\n"])
    func whatIsNoStatIsNothing(text: String) {
        #expect(ProcessorTicks(statistics: text) == nil)
    }

    @Test func theStolenPartIsInPercent() {
        let before = ProcessorTicks(stolen: 10, idle: 500, total: 1000)
        let after = ProcessorTicks(stolen: 13, idle: 537, total: 1200)
        #expect(after.stolenPercent(since: before) == 1.5)
        #expect(before.stolenPercent(since: before) == 0)
        // Of 200 ticks 37 were idle and 3 stolen; 160 were used.
        #expect(after.foreignPercent(since: before, ownTicks: 120) == 20)
        #expect(after.foreignPercent(since: before, ownTicks: 170) == 0)
    }

    @Test func listsOfProcessorsAreRead() {
        #expect(numberList("0-3,8\n") == [0, 1, 2, 3, 8])
        #expect(numberList("0\n") == [0])
        #expect(numberList("") == [])
        #expect(numberList("3-1,x") == [])
    }
}
