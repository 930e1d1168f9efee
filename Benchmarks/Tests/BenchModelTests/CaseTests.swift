import BenchModel
import Testing

@Suite struct CaseTests {
    @Test(arguments: [Mode.full, .quick, .smoke])
    func namesAreUnique(mode: Mode) {
        #expect(Set(mode.cases.map(\.name)).count == mode.cases.count)
    }

    @Test func theQuickOnesArePartOfAll() {
        let all = Set(Case.full.map(\.name))
        #expect(Case.quick.allSatisfy { all.contains($0.name) })
    }

    @Test func everyTargetIsMeasuredInFull() {
        let all = Dictionary(uniqueKeysWithValues: Case.full.map { ($0.name, $0) })
        for target in Target.all { #expect(all[target.caseName] != nil, "\(target)") }
    }

    @Test func connectionsAreLimited() {
        let idle = Case.full.first { $0.work == .idle }
        #expect(idle?.limited(toConnections: 300).name == "idle tcp connections=300")
        #expect(idle?.limited(toConnections: 20_000).name == "idle tcp connections=10000")
    }
}

@Suite struct ScheduleTests {
    @Test func theWantedRunsAreDoneWhereTheTimeAllows() {
        let cases = Case.full[...]
        #expect(Mode.full.runs(of: cases, wanted: 7, secondsLeft: 1e6) == 7)
        #expect(Mode.full.runs(of: cases, wanted: 7, secondsLeft: 0) == 1)
        #expect(Mode.full.runs(of: [], wanted: 7, secondsLeft: 0) == 0)
    }

    @Test(arguments: [Mode.full, .quick])
    func thePlanIsWithinTheTime(mode: Mode) {
        // Every run as long as the schedule believes.
        var left = mode.seconds
        for index in mode.cases.indices {
            let remaining = mode.cases[index...]
            let count = mode.runs(of: remaining, wanted: mode.runs, secondsLeft: left)
            left -= Double(count) * mode.seconds(ofOneRoundOf: mode.cases[index])
        }
        #expect(left >= 0)
    }
}
