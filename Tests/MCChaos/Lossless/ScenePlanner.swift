import MCTestSupport

/// Makes scenes up, by chance.
struct ScenePlanner: Chancing {
    var random: SeededGenerator
    /// In front of the names of all parts: they are the players' for as long as the scene lasts.
    let prefix: String
    let ports: Ports
    let folder: String
    private var made = 0
    private var nextStream = 1

    init(random: SeededGenerator, prefix: String, ports: Ports, folder: String) {
        self.random = random
        self.prefix = prefix
        self.ports = ports
        self.folder = folder
    }

    // MARK: Pieces

    mutating func next() throws -> Scene {
        nextStream = 1
        var scene: Scene
        switch number(0...9) {
        case 0...3: scene = try pipeline()
        case 4...5: scene = try dialogue()
        case 6: scene = try duplex()
        default: scene = try fanOut()
        }
        if chance(oneIn: 3) {
            // Who connects comes first; the endpoints are not there yet.
            scene.plans.reverse()
            scene.pauseMilliseconds = number(0...150)
        }
        return scene
    }

    mutating func name(_ role: String) -> String {
        made += 1
        return "\(prefix)-\(made)-\(role)"
    }

    mutating func endpoint(allOurs: Bool) throws -> String {
        made += 1
        switch number(0...(allOurs ? 5 : 3)) {
        case 0: return "ipc://\(folder)/\(prefix)-\(made)"
        case 1: return "ipc://@\(folder)/\(prefix)-\(made)"
        case 2, 3: return "tcp://127.0.0.1:\(try ports.next())"
        default: return "inproc://\(prefix)-\(made)"
        }
    }

    /// A part's plan, with options as they come.
    mutating func part(_ role: String, isOurs: Bool, _ words: [String: String]) -> PartPlan {
        var words = words
        words["role"] = role
        words["player"] = "\(number(0...99))"
        words["limit"] = "\(limit)"
        words.merge(options()) { first, _ in first }
        if isOurs { words["spin"] = one("-1", "-1", "0", "50") }
        return PartPlan(name(role), isOurs: isOurs, words)
    }

    /// Of all frames of a scene.
    var limit = 100_000

    private mutating func options() -> [String: String] {
        var options: [String: String] = [:]
        options["SNDHWM"] = one("0", "1", "2", "10", "100", "1000", "1000")
        options["RCVHWM"] = one("0", "1", "2", "10", "100", "1000", "1000")
        options["RECONNECT_IVL"] = one("1", "10", "50")
        if chance(oneIn: 3) { options["RECONNECT_IVL_MAX"] = one("0", "100") }
        if chance(oneIn: 3) { options["SNDBUF"] = one("4096", "65536", "1000000") }
        if chance(oneIn: 3) { options["RCVBUF"] = one("4096", "65536", "1000000") }
        if chance(oneIn: 4) {
            options["TCP_KEEPALIVE"] = one("0", "1")
            options["TCP_KEEPALIVE_CNT"] = one("-1", "3")
            options["TCP_KEEPALIVE_IDLE"] = one("-1", "10")
            options["TCP_KEEPALIVE_INTVL"] = one("-1", "5")
        }
        if chance(oneIn: 4) { options["TOS"] = one("16", "40", "184") }
        if chance(oneIn: 4) { options["BACKLOG"] = one("1", "10", "1000") }
        if chance(oneIn: 4) { options["MAXMSGSIZE"] = "1100000" }
        if chance(oneIn: 4) { options["TCP_MAXRT"] = "60000" }
        if chance(oneIn: 4) { options["CONNECT_TIMEOUT"] = "20000" }
        if chance(oneIn: 4) { options["AFFINITY"] = "1" }
        return options
    }

    /// Our PINGs; nobody is so slow that an answer takes so long. libzmq's own timer for them aborts its
    /// process when a connection ends that waits for room.
    mutating func addHeartbeats(to scene: inout Scene) {
        for index in scene.plans.indices where scene.plans[index].isOurs && chance(oneIn: 3) {
            scene.plans[index]["HEARTBEAT_IVL"] = one("5", "50", "300")
            scene.plans[index]["HEARTBEAT_TIMEOUT"] = "60000"
            if chance(oneIn: 2) { scene.plans[index]["HEARTBEAT_TTL"] = "60000" }
        }
    }

    /// So many streams for a part.
    mutating func takeStreams(_ count: Int) -> String {
        defer { nextStream += count }
        return "\(nextStream)"
    }

    func tallies(of plans: [PartPlan]) -> [Int: Tally] {
        var tallies: [Int: Tally] = [:]
        for plan in plans {
            for stream in plan.streams { tallies[stream] = Tally(all: plan.number("count")) }
        }
        return tallies
    }

    mutating func receiveStyle() -> String {
        one("", "", "poller", "descriptor", "callback", "async", "sequence")
    }
}
