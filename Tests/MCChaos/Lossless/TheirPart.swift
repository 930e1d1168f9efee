import MCLock
import MCTestSupport

/// A process with pyzmq, which plays any number of parts at once.
final class Player: Sendable {
    private struct State: @unchecked Sendable {
        let process: ChildProcess
    }

    private let state: Locked<State>

    init(script: String) throws {
        let process = try ChildProcess([try Checkout.python(), "-B", script])
        state = Locked(State(process: process))
        try state.withLock { _ = try $0.process.readLine(seconds: 60) }
    }

    /// Has something done, and says what it answers.
    func ask(_ line: String, seconds: Int = 60) throws -> [String] {
        try state.withLock { state in
            try state.process.write(line: line)
            let words = try state.process.readLine(seconds: seconds).split(
                separator: " ", omittingEmptySubsequences: false
            ).map(String.init)
            guard words.first == "ok" else { throw Failure(words.joined(separator: " ")) }
            return Array(words.dropFirst())
        }
    }
}

/// A part that libzmq plays.
final class TheirPart: Part {
    let plan: PartPlan
    private let player: Player

    init(_ plan: PartPlan, _ player: Player) {
        self.plan = plan
        self.player = player
    }

    func start() throws { _ = try player.ask("start \(plan.name) \(plan.line)") }

    func look() throws -> PartState {
        let words = try player.ask("look \(plan.name)")
        guard words.count >= 4 else { throw Failure("\(plan.name) looks like \(words)") }
        return PartState(
            isDone: words[0] == "done", isPaused: words[0] == "paused",
            failure: words[0] == "failed" ? words[3...].joined(separator: " ") : nil,
            messages: Int(words[1]) ?? 0, isSynced: words[2] == "1")
    }

    func go() throws { _ = try player.ask("go \(plan.name)") }

    func stop() throws -> [Int: Tally] {
        var tallies: [Int: Tally] = [:]
        for word in try player.ask("stop \(plan.name)") where !word.isEmpty {
            let numbers = word.split(separator: ":").compactMap { Int($0) }
            guard numbers.count == 3 else { throw Failure("\(plan.name) tells \(word)") }
            tallies[numbers[0]] = Tally(count: numbers[1], sum: numbers[2])
        }
        return tallies
    }
}
