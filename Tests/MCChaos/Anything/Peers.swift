import Glibc
import MCLock
import MCTestSupport

/// libzmq's processes, which do what they like with the same endpoints, and are killed and stopped now and
/// then.
final class Peers: Sendable {
    private let script: String
    private let folder: String
    private let places: Places
    private let processes: Locked<[ChildProcess]>

    init(_ count: Int, script: String, folder: String, places: Places) throws {
        self.script = script
        self.folder = folder
        self.places = places
        processes = Locked([])
        for seed in 0..<count {
            let process = try start(seed: UInt64(seed))
            processes.withLock { $0.append(process) }
        }
    }

    private func start(seed: UInt64) throws -> ChildProcess {
        try ChildProcess(
            [try Checkout.python(), "-B", script, "\(seed)"] + places.streams)
    }

    /// Kills one, or holds it up for a moment; whoever has ended by itself is replaced as well.
    ///
    /// - Returns: what was done.
    func trouble(_ chance: inout Chance) throws -> String {
        let index = chance.number(0...processes.withLock { $0.count } - 1)
        let process = processes.withLock { $0[index] }
        if chance.chance(oneIn: 3), process.isRunning {
            process.signal(SIGSTOP)
            usleep(UInt32(chance.number(0...300_000)))
            process.signal(SIGCONT)
            return "stops"
        }
        process.kill()
        let new = try start(seed: chance.random.next())
        processes.withLock { $0[index] = new }
        return "kills"
    }

    func end() { for process in processes.withLock({ $0 }) { process.kill() } }
}
