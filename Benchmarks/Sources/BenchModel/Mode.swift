/// How much is measured, and for how long.
public struct Mode: Sendable {
    public let name: String
    public let cases: [Case]
    /// Of one run of one contender.
    public let runMilliseconds: Int
    /// Of each contender, where the time allows.
    public let runs: Int
    /// In which all is done.
    public let seconds: Double
    /// A run in which the host took more of the processor is done again.
    public let stolenPercentLimit: Double
    /// A run is marked when other processes here used more of the processor. It is not done again:
    /// what they do may take long.
    public let foreignPercentLimit = 10.0

    public static let full = Mode(
        name: "full", cases: Case.full, runMilliseconds: 1000, runs: 7, seconds: 3400,
        stolenPercentLimit: 2)
    public static let quick = Mode(
        name: "quick", cases: Case.quick, runMilliseconds: 600, runs: 3, seconds: 165,
        stolenPercentLimit: 2)
    public static let smoke = Mode(
        name: "smoke", cases: Case.smoke, runMilliseconds: 50, runs: 1, seconds: 60,
        stolenPercentLimit: 100)

    /// How often each contender of the first case runs, so that `remaining` ends in time: as often
    /// as all of them could, at most as `wanted`, at least once.
    public func runs(of remaining: ArraySlice<Case>, wanted: Int, secondsLeft: Double) -> Int {
        guard let first = remaining.first else { return 0 }
        let round = remaining.reduce(0) { $0 + seconds(ofOneRoundOf: $1) }
        let affordable = round > 0 ? Int(max(0, secondsLeft) / round) : wanted
        return max(1, min(affordable, wanted, first.work == .idle ? max(1, wanted / 2) : wanted))
    }

    /// What one run of each contender of a case takes, as far as can be told.
    public func seconds(ofOneRoundOf work: Case) -> Double {
        Double(work.contenders.count) * (Double(runMilliseconds) / 1000 + work.overheadSeconds)
    }
}

extension Mode: CustomStringConvertible {
    public var description: String { name }
}
