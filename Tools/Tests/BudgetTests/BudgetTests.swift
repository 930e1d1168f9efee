import Testing

#if DEBUG
private let isOptimized = false
#else
private let isOptimized = true
#endif

/// The hot paths ask the allocator and the kernel for no more than `budgets.txt` allows.
///
/// Counts, not times: they are the same on a slow machine and on a fast one, and a busy one changes
/// them little.
@Suite(.serialized, .enabled(if: isOptimized, "budgets are those of a release build"))
struct Budgets {
    /// How often a path is measured before it counts as too dear.
    static let attempts = 5

    @Test(.timeLimit(.minutes(1)), arguments: (try? Budget.load()) ?? [])
    func `a path keeps its budget`(budget: Budget) throws {
        var measured = try Measurement.run(budget.path)
        try #require(measured.names == budget.limits.names, "the table has other columns")
        for _ in 1..<Self.attempts where !exceeded(by: measured, of: budget).isEmpty {
            measured.formMinimum(try Measurement.run(budget.path))
        }
        print("\(budget.testDescription): \(measured)")
        for name in exceeded(by: measured, of: budget) {
            Issue.record(
                """
                \(budget.testDescription) costs \(measured[name]) \(name) per 1,000 messages, \
                its budget is \(budget.limits[name])
                """)
        }
        // A budget that was not lowered would let the next allocation pass. But how many large blocks
        // come back in time to be used again is the scheduler's.
        if budget.bytes < 16_384 {
            #expect(
                budget.limits["allocations"] <= measured["allocations"] + 1000,
                "\(budget.testDescription) has become cheaper: lower its budget in budgets.txt")
        }
    }

    private func exceeded(by measured: Counts, of budget: Budget) -> [String] {
        budget.limits.names.filter { measured[$0] > budget.limits[$0] }
    }

    @Test func `the table can be read`() throws {
        let paths = try Budget.load().map(\.testDescription)
        #expect(paths.count > 20)
        #expect(Set(paths).count == paths.count, "a path has two budgets")
    }

    @Test func `the meter counts what a program asks for`() throws {
        let counts = try Measurement.run(["self-test"])
        #expect(
            counts.description == """
                2000 allocations, 1000 sends, 1000 receives, 1000 waits, 0 futexes, 2000 eventfds, \
                0 others
                """)
    }

    /// A library that went to the kernel in ways that the meter does not know would cost nothing.
    @Test func `the meter sees the library's calls`() throws {
        let overTCP = try Measurement.run(["pair-turns", "tcp", "64"])
        #expect(overTCP["sends"] >= 2000)
        #expect(overTCP["receives"] >= 2000)
        #expect(overTCP["waits"] >= 2000)
        let asleep = try Measurement.run(["pair-asleep", "inproc", "64"])
        #expect(asleep["futexes"] >= 2000)
    }
}
