import Glibc
import MCFacade
import MCLock
import MCTestSupport
import Synchronization

/// The run where nothing may get lost: scenes of ours and libzmq's parts, some at a time, one after the
/// other. The libzmq processes live as long as the run.
enum LosslessRun {
    static let lanes = 3
    static let epochSeconds = 4.0

    static func run(_ arguments: Arguments) throws -> Bool {
        let script = "\(try arguments.word("peers"))/player.py"
        let players = try (0..<3).map { _ in try Player(script: script) }
        let ports = Ports()
        let folder = "/tmp/mc-lossless-\(getpid())"
        guard mkdir(folder, 0o700) == 0 else { throw Failure("no \(folder): errno \(errno)") }
        defer { rmdir(folder) }
        var epochs = Epochs(seed: arguments.seed, seconds: arguments.seconds)
        return epochs.run { seed in
            var random = SeededGenerator(seed: seed)
            let counts = Locked((scenes: 0, messages: 0))
            let seeds = (0..<lanes).map { _ in random.next() }
            let end = now() + epochSeconds
            try inParallel(lanes) { lane in
                let activity = Activity("lane \(lane)")
                defer { activity.leave() }
                var planner = ScenePlanner(
                    random: SeededGenerator(seed: seeds[lane]), prefix: "\(lane)",
                    ports: ports, folder: folder)
                while now() < end {
                    let messages = try play(planner.next(), &planner, players, activity)
                    counts.withLock {
                        $0.scenes += 1
                        $0.messages += messages
                    }
                }
            }
            if Sabotage.strikes("descriptor", oneIn: 2) { _ = dup(0) }
            let lent = Payload.lent.load(ordering: .relaxed)
            guard lent == 0 else { throw Failure("\(lent) frames were never given back") }
            let (scenes, messages) = counts.withLock { $0 }
            return ["scenes": scenes, "messages": messages]
        }
    }

    /// Plays a scene in a context of its own, which ends when all that was sent is there.
    private static func play(
        _ scene: Scene, _ planner: inout ScenePlanner, _ players: [Player], _ activity: Activity
    ) throws -> Int {
        var options = ContextOptions()
        options.ioThreads = planner.number(1...3)
        let context = try Context(options)
        let messages = try scene.play(context, players, activity: activity)
        activity.begin("close the context of \(scene)", within: Scene.mostSeconds)
        context.close()
        activity.end()
        return messages
    }
}
