import Glibc
import MCLock
import MCTestSupport
import Synchronization

/// The run where anything goes: sockets of all types, in two interfaces, that several threads open, use and
/// close as they like, with peers that die and peers that talk rubbish. Nothing is promised but that the
/// process lives on, that every call ends, and that nothing is left behind.
enum AnythingRun {
    static let epochSeconds = 3.0
    static let workers = 8
    /// How long a call may take: until the epoch is over and its sockets are closed, and as long again as
    /// a busy machine may need.
    static let mostSeconds = isSanitized ? 240.0 : 60.0

    static func run(_ arguments: Arguments) throws -> Bool {
        signal(SIGPIPE, SIG_IGN)
        let folder = "/tmp/mc-anything-\(getpid())"
        guard mkdir(folder, 0o700) == 0 else { throw Failure("no \(folder): errno \(errno)") }
        let places = try Places(folder: folder, ports: Ports())
        let rubbish = try Rubbish(port: places.rubbish)
        let peers = try Peers(
            2, script: "\(try arguments.word("peers"))/anything.py", folder: folder, places: places)
        defer {
            peers.end()
            for name in ["a", "b", "nobody"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        var epochs = Epochs(seed: arguments.seed, seconds: arguments.seconds)
        let isRight = withExtendedLifetime(rubbish) {
            epochs.run { seed in try epoch(seed, places, peers) }
        }
        for (call, count) in CSubject.failures.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            say("note \(call) \(count)")
        }
        return isRight
    }

    private static func epoch(
        _ seed: UInt64, _ places: Places, _ peers: Peers
    ) throws -> [String: Int] {
        var chance = Chance(seed: seed)
        let world = World(places, &chance)
        let seen = Scrap.seen.load(ordering: .relaxed)
        let threads = (0..<workers).map { index in
            let seed = chance.random.next()
            return JoinedThread {
                let activity = Activity("worker \(index)")
                var worker = Worker(
                    world: world, activity: activity, chance: Chance(seed: seed))
                worker.work()
                activity.leave()
            }
        }
        let activity = Activity("main")
        defer { activity.leave() }
        let end = now() + epochSeconds
        while now() < end {
            usleep(UInt32(chance.number(1_000...100_000)))
            // Whoever waits in it for ever goes on.
            world.close(&chance)
            if chance.chance(oneIn: 10) { world.count(try peers.trouble(&chance)) }
        }
        world.setOver()
        world.end(activity, &chance)
        for (index, thread) in threads.enumerated() {
            activity.begin("wait for worker \(index)", within: mostSeconds)
            thread.join()
        }
        activity.end()
        if Sabotage.strikes("descriptor", oneIn: 2) { _ = dup(0) }
        if Sabotage.strikes("memory", oneIn: 2) { Scrap.lent.add(1, ordering: .relaxed) }
        if Sabotage.strikes("crash", oneIn: 2) { abort() }
        if Sabotage.strikes("hang", oneIn: 2) {
            activity.begin("sleep", within: 1)
            sleep(60)
        }
        let lent = Scrap.lent.load(ordering: .relaxed)
        guard lent == 0 else { throw Failure("\(lent) messages' memory has not come back") }
        var counts = world.counts
        counts["frames"] = Scrap.seen.load(ordering: .relaxed) - seen
        return counts
    }
}
