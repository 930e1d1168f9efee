import Glibc
import MCTestSupport
import Testing

/// A process that plays the other end: `MCTestPeer`, built beside the tests.
///
/// - Ownership: the process is killed when the value goes.
final class Peer: @unchecked Sendable {
    let pid: pid_t
    private let channel: Int32
    private var buffered: [UInt8] = []
    private var status: Int32?

    /// The program, in the directory of the test executable.
    private static let program: String = {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        let bytes = path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let directory = String(decoding: bytes, as: UTF8.self)
            .split(separator: "/").dropLast().joined(separator: "/")
        return "/\(directory)/MCTestPeer"
    }()

    init(_ arguments: String...) throws {
        // A pair of sockets and not pipes: it is close-on-exec from its first moment, so that no
        // process started meanwhile keeps an end open.
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw Failure("no channel: errno \(errno)")
        }
        channel = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var argv = ([Peer.program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var pid = pid_t()
        let error = posix_spawn(&pid, Peer.program, &actions, nil, &argv, environ)
        close(ends[1])
        guard error == 0 else { throw Failure("cannot start \(Peer.program): errno \(error)") }
        self.pid = pid
    }

    deinit {
        if status == nil {
            kill(SIGKILL)
            kill(SIGCONT)
            _ = waitpid(pid, nil, 0)
        }
        close(channel)
    }

    // MARK: Talking

    /// The next line that the process prints. Throws when it ends, or says nothing for so long.
    func line(within seconds: Double = 20) throws -> String {
        let deadline = now() + seconds
        while true {
            if let end = buffered.firstIndex(of: 10) {
                let line = String(decoding: buffered[..<end], as: UTF8.self)
                buffered.removeSubrange(...end)
                return line
            }
            var poll = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
            let left = Int32(max(0, (deadline - now()) * 1000))
            guard Glibc.poll(&poll, 1, left) > 0 else {
                throw Failure("the peer says nothing within \(seconds) s")
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(channel, &bytes, bytes.count)
            guard count > 0 else { throw Failure("the peer has ended") }
            buffered += bytes.prefix(count)
        }
    }

    /// Waits for a line that begins with `word` and returns what follows it.
    @discardableResult
    func expect(_ word: String, within seconds: Double = 20) throws -> String {
        let line = try line(within: seconds)
        guard line == word || line.hasPrefix(word + " ") else {
            throw Failure("the peer says \"\(line)\" instead of \"\(word)\"")
        }
        return String(line.dropFirst(word.count + 1))
    }

    func tell(_ line: String) throws { try pass(Array(line.utf8) + [10]) }

    /// Writes to the standard input of the process.
    func pass(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                send(channel, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure("cannot talk to the peer: errno \(errno)") }
            done += count
        }
    }

    /// What a served socket says of itself.
    func stats() throws -> Stats {
        try tell("stats")
        return Stats(try expect("stats"))
    }

    /// Asks for `stats` until they suit, and returns the last.
    @discardableResult
    func stats(within seconds: Double = 20, until suits: (Stats) -> Bool) throws -> Stats {
        let deadline = now() + seconds
        var pause: UInt32 = 500
        while true {
            let stats = try stats()
            if suits(stats) || now() > deadline { return stats }
            usleep(pause)
            pause = min(20_000, pause * 2)
        }
    }

    /// The numbers once there are no more than so many descriptors, and no message has come for a
    /// moment: connections end before what they brought has been received.
    func settledStats(descriptors: Int) throws -> Stats {
        var last = try stats { $0.descriptors <= descriptors }
        while true {
            usleep(200_000)
            let next = try stats()
            if next.messages == last.messages { return next }
            last = next
        }
    }

    // MARK: The process

    func kill(_ signal: Int32) { _ = Glibc.kill(pid, signal) }

    /// Waits for the end of the process; nil when it goes on.
    ///
    /// - Returns: its exit status, negative for the number of the signal that killed it.
    func wait(within seconds: Double = 20) -> Int32? {
        let deadline = now() + seconds
        while true {
            var raw: Int32 = 0
            if waitpid(pid, &raw, WNOHANG) == pid {
                let result = raw & 0x7f == 0 ? (raw >> 8) & 0xff : -(raw & 0x7f)
                status = result
                return result
            }
            if now() > deadline { return nil }
            usleep(2_000)
        }
    }

    /// Kills the process and waits until it is gone.
    func killAndWait() {
        kill(SIGKILL)
        _ = wait()
    }
}

/// Numbers that a peer tells, by name.
struct Stats: CustomStringConvertible {
    let description: String
    private var values: [String: Int] = [:]

    init(_ line: String) {
        description = line
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=")
            if parts.count == 2 { values[String(parts[0])] = Int(parts[1]) }
        }
    }

    private func value(_ name: String) -> Int { values[name] ?? -1 }

    var messages: Int { value("messages") }
    var bytes: Int { value("bytes") }
    var bad: Int { value("bad") }
    var descriptors: Int { value("descriptors") }
    var threads: Int { value("threads") }
    /// Resident anonymous memory and the peak of all resident memory, in KiB.
    var rss: Int { value("rss") }
    var peak: Int { value("peak") }
}
