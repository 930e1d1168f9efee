internal import Glibc

// Safe because every pointer below lives for the call that it is passed to.

/// A worker that this process started. Its standard output and error are read here; a value that
/// goes away kills and reaps what still runs.
final class WorkerProcess {
    struct SpawnError: Error, CustomStringConvertible {
        let description: String
    }

    let identifier: pid_t
    /// Descriptors of what the worker writes, while it has them open.
    fileprivate(set) var open: [Int32]
    private let outputDescriptor: Int32
    fileprivate var output: [UInt8] = []
    fileprivate var errors: [UInt8] = []
    private var status: Int32?

    /// - Parameters:
    ///   - environment: beside this process's own.
    ///   - channel: becomes the worker's descriptor 3; what it says to another one goes there.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        channel: Int32? = nil
    ) throws {
        let (output, errors) = (try makePipe(), try makePipe())
        defer {
            close(output.write)
            close(errors.write)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors.write, STDERR_FILENO)
        if let channel { unsafe posix_spawn_file_actions_adddup2(&actions, channel, 3) }
        let words = unsafe makeStrings([executable] + arguments)
        let variables = unsafe makeStrings(makeEnvironment(with: environment))
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let result = unsafe posix_spawn(
            &pid, executable, &actions, nil, words, variables)
        guard result == 0 else {
            close(output.read)
            close(errors.read)
            throw SpawnError(
                description: "\(executable): \(unsafe String(cString: strerror(result)))")
        }
        identifier = pid
        outputDescriptor = output.read
        open = [output.read, errors.read]
    }

    deinit {
        kill()
        for descriptor in open { close(descriptor) }
    }

    /// What it has written whole, without empty lines.
    var lines: [String] {
        guard let end = output.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        return String(decoding: output[..<end], as: UTF8.self)
            .split(separator: "\n").map { String($0) }
    }

    /// What it complained of, in one line.
    var complaint: String {
        String(decoding: errors, as: UTF8.self)
            .split(separator: "\n").suffix(4).joined(separator: "; ")
    }

    /// The exit status once it has ended, or 128 + the number of the signal that ended it.
    func reap(waits: Bool) -> Int32? {
        if let status { return status }
        var word: Int32 = 0
        var result: pid_t
        repeat {
            result = unsafe waitpid(identifier, &word, waits ? 0 : WNOHANG)
        } while result < 0 && errno == EINTR
        guard result == identifier else { return nil }
        status = word & 0x7F == 0 ? (word >> 8) & 0xFF : 128 + (word & 0x7F)
        return status
    }

    func kill() {
        guard status == nil else { return }
        Glibc.kill(identifier, SIGKILL)
        _ = reap(waits: true)
    }

    fileprivate func read(_ descriptor: Int32) {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
        if count < 0, errno == EINTR { return }
        guard count > 0 else {
            close(descriptor)
            open.removeAll { $0 == descriptor }
            return
        }
        if descriptor == outputDescriptor {
            output += chunk[..<count]
        } else {
            errors += chunk[..<count]
        }
    }
}

/// Reads what the workers write until `isDone` or all have ended; false at the deadline.
func readWorkers(
    _ workers: [WorkerProcess], until deadline: UInt64, isDone: () -> Bool
) -> Bool {
    while !isDone() {
        let sources = workers.flatMap { worker in worker.open.map { (worker, $0) } }
        guard !sources.isEmpty else { return true }
        let time = now()
        guard time < deadline else { return false }
        var waiting = sources.map { pollfd(fd: $0.1, events: Int16(POLLIN), revents: 0) }
        let milliseconds = Int32(clamping: (deadline - time) / 1_000_000 + 1)
        guard unsafe poll(&waiting, nfds_t(waiting.count), milliseconds) > 0 else { continue }
        for (source, entry) in zip(sources, waiting) where entry.revents != 0 {
            source.0.read(source.1)
        }
    }
    return true
}

/// Copies of texts for C, with the null behind them; the caller's to free.
private func makeStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
    unsafe texts.map { unsafe strdup($0) } + [nil]
}

/// This process's environment with other values of some variables.
private func makeEnvironment(with changes: [String: String]) -> [String] {
    var variables: [String] = []
    var next = unsafe environ
    while let variable = unsafe next.pointee {
        variables.append(unsafe String(cString: variable))
        unsafe next += 1
    }
    variables.removeAll { variable in
        changes.keys.contains { variable.hasPrefix("\($0)=") }
    }
    return variables + changes.map { "\($0)=\($1)" }
}

/// Both ends are closed in every child that is not given them.
private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
        throw WorkerProcess.SpawnError(
            description: "pipe: \(unsafe String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

/// Two sockets that are connected with each other, closed in every child that is not given them.
func makeChannel() throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
        throw WorkerProcess.SpawnError(
            description: "socketpair: \(unsafe String(cString: strerror(errno)))")
    }
    return (ends[0], ends[1])
}
