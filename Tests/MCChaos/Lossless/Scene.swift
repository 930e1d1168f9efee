import Glibc
import MCFacade
import MCTestSupport

/// Some parts that talk with each other, and what must have come when they are through.
struct Scene: CustomStringConvertible {
    /// Parts that together receive certain streams, whole.
    struct Audience {
        var names: [String]
        var streams: [Int: Tally]

        var messages: Int { streams.values.reduce(0) { $0 + $1.count } }
    }

    var title = ""
    /// In the order in which they start.
    var plans: [PartPlan] = []
    /// Those that end by themselves.
    var finite: [String] = []
    var audiences: [Audience] = []
    /// How long the late ones let the others wait.
    var pauseMilliseconds = 0
    /// How long all of it may take.
    static let mostSeconds = isSanitized ? 240.0 : Sabotage.kind == nil ? 60.0 : 5.0

    var description: String {
        ([title] + plans.map(\.description)).joined(separator: "\nnote   ")
    }

    /// Plays the scene.
    ///
    /// - Returns: how many messages came.
    /// - Throws: what got lost, came twice, or did not come to an end.
    func play(_ context: Context, _ players: [Player], activity: Activity) throws -> Int {
        var parts: [String: any Part] = [:]
        do {
            for (index, plan) in plans.enumerated() {
                let part: any Part =
                    plan.isOurs
                    ? OurPart(plan, context)
                    : TheirPart(plan, players[plan.number("player") % players.count])
                if index == plans.count - 1 { usleep(UInt32(pauseMilliseconds) * 1000) }
                activity.begin("start \(plan)", within: Scene.mostSeconds)
                try part.start()
                parts[plan.name] = part
            }
            try wait(parts, activity)
            return try finish(parts, activity)
        } catch {
            // Whoever is left behind must not disturb what is said next.
            throw Failure(
                "\(error) in \(self)\nnote \(progress(of: parts))\nnote \(missing(from: parts))")
        }
    }

    /// Until everybody has sent, and has received, what there is.
    private func wait(_ parts: [String: any Part], _ activity: Activity) throws {
        activity.begin("play \(title)", within: 2 * Scene.mostSeconds)
        let deadline = now() + Scene.mostSeconds
        var hasBegun = false
        while true {
            let states = try parts.mapValues { try $0.look() }
            for (name, state) in states {
                if let failure = state.failure { throw Failure("\(name): \(failure)") }
            }
            if !hasBegun {
                let listeners = plans.filter { $0["role"] == "subscribe" }
                if listeners.allSatisfy({ states[$0.name]?.isSynced == true }) {
                    for plan in plans where plan["role"] == "publish" {
                        try parts[plan.name]?.go()
                    }
                    hasBegun = true
                }
            }
            try letGoOn(parts, states)
            if isThrough(states) { return }
            guard now() < deadline else { throw Failure("no end after \(Scene.mostSeconds) s") }
            usleep(5_000)
        }
    }

    /// Senders that have paused between two rounds go on when all that was sent has come.
    private func letGoOn(_ parts: [String: any Part], _ states: [String: PartState]) throws {
        let senders = plans.filter { $0["role"] == "send" }.compactMap { states[$0.name] }
        guard senders.contains(where: \.isPaused),
            senders.allSatisfy({ $0.isPaused || $0.isDone })
        else { return }
        let received = audiences.flatMap(\.names).reduce(0) { $0 + (states[$1]?.messages ?? 0) }
        guard received >= senders.reduce(0, { $0 + $1.messages }) else { return }
        for (name, state) in states where state.isPaused { try parts[name]?.go() }
    }

    private func isThrough(_ states: [String: PartState]) -> Bool {
        finite.allSatisfy { states[$0]?.isDone == true }
            && audiences.allSatisfy { audience in
                audience.names.reduce(0) { $0 + (states[$1]?.messages ?? 0) } >= audience.messages
            }
    }

    /// Ends all parts and compares.
    private func finish(_ parts: [String: any Part], _ activity: Activity) throws -> Int {
        // What comes twice comes late.
        usleep(10_000)
        var tallies: [String: [Int: Tally]] = [:]
        for plan in plans {
            activity.begin("stop \(plan.name)", within: Scene.mostSeconds)
            tallies[plan.name] = try parts[plan.name]?.stop()
        }
        activity.end()
        for audience in audiences {
            if let difference = difference(audience, tallies) { throw Failure(difference) }
        }
        return audiences.reduce(0) { $0 + $1.messages }
    }

    /// What is wrong with what an audience has received; nil when nothing is.
    private func difference(_ audience: Audience, _ tallies: [String: [Int: Tally]]) -> String? {
        var sum: [Int: Tally] = [:]
        for name in audience.names { sum.merge(tallies[name] ?? [:]) { $0 + $1 } }
        let streams = Set(sum.keys).union(audience.streams.keys).sorted()
        let wrong = streams.filter { sum[$0] != audience.streams[$0] }.map { stream in
            let (has, wanted) = (sum[stream] ?? Tally(), audience.streams[stream] ?? Tally())
            return "\(has.count) of \(wanted.count) messages of stream \(stream)"
                + " (their numbers \(has.sum) of \(wanted.sum))"
        }
        return wrong.isEmpty ? nil : "\(audience.names) received \(wrong.joined(separator: ", "))"
    }

    /// As `difference`, of parts that have not come to an end.
    private func missing(from parts: [String: any Part]) -> String {
        let tallies = parts.compactMapValues { part in
            (part as? OurPart)?.ledger.tallies ?? (try? part.stop())
        }
        return audiences.compactMap { difference($0, tallies) }.joined(separator: "; ")
    }

    private func progress(of parts: [String: any Part]) -> String {
        parts.keys.sorted().map { name in
            let state = try? parts[name]?.look()
            return "\(name): \(state?.messages ?? -1) messages, "
                + (state?.failure ?? (state?.isDone == true ? "done" : "at it"))
        }.joined(separator: "; ")
    }
}
