private import Glibc
private import Synchronization

// Safe because every pointer below lives for the call that it is passed to.

/// A process that this one started: its standard input and output are pipes to here, its standard
/// error is ours. Used by one thread. A value that goes away kills and reaps what still runs: no
/// process is left behind, and none but our own child is ever signalled.
public final class ChildProcess {
    /// Why a process could not be started.
    public struct SpawnError: Error, CustomStringConvertible {
        /// The reason, in words.
        public let description: String
    }

    /// The child's process id.
    public let identifier: Int32
    /// Where the child's standard output is read.
    let output: Int32
    private var input: Int32
    private var status: Int32?

    /// A pipe's end must not reach another child that is started meanwhile.
    private static let spawning = Mutex(())

    /// Starts `executable` with our environment. Two calls at a time take turns.
    ///
    /// - Parameter mergesErrors: the child's standard error goes where its standard output goes.
    public convenience init(
        executable: String, arguments: [String], mergesErrors: Bool = false
    ) throws(SpawnError) {
        let started = try Self.spawning.withLock { _ throws(SpawnError) in
            try Self.spawn(executable, arguments, mergesErrors)
        }
        self.init(started)
    }

    private init(_ started: (identifier: Int32, input: Int32, output: Int32)) {
        (identifier, input, output) = started
    }

    private static func spawn(
        _ executable: String, _ arguments: [String], _ mergesErrors: Bool
    ) throws(SpawnError) -> (identifier: Int32, input: Int32, output: Int32) {
        let input = try Self.makePipe()
        let output = try Self.makePipe()
        defer {
            close(input.read)
            close(output.write)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        if mergesErrors {
            unsafe posix_spawn_file_actions_adddup2(&actions, output.write, STDERR_FILENO)
        }
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map {
            unsafe strdup($0)
        }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let result = unsafe posix_spawn(&pid, executable, &actions, nil, words, environ)
        guard result == 0 else {
            close(input.write)
            close(output.read)
            throw SpawnError(
                description: "\(executable): \(unsafe String(cString: strerror(result)))")
        }
        return (pid, input.write, output.read)
    }

    deinit {
        closeInput()
        close(output)
        kill()
    }

    /// Writes a line to the child's standard input; false when the child does not read any more.
    @discardableResult
    public func send(_ line: String) -> Bool {
        guard input >= 0 else { return false }
        return StandardStreams.write(Array((line + "\n").utf8), to: input)
    }

    /// Ends the child's standard input.
    public func closeInput() {
        guard input >= 0 else { return }
        close(input)
        input = -1
    }

    /// Waits for the end until `deadline` (of `Clock`); nil if the child still runs then, else the
    /// exit status, or 128 + the number of the signal that ended it.
    public func wait(until deadline: UInt64) -> Int32? {
        while true {
            if let status = reap(WNOHANG) { return status }
            guard Clock.nanoseconds() < deadline else { return nil }
            Clock.sleep(milliseconds: 1)
        }
    }

    /// Ends the child at once, if it still runs, and waits for that.
    public func kill() {
        guard status == nil else { return }
        Glibc.kill(identifier, SIGKILL)
        _ = reap(0)
    }

    private func reap(_ options: Int32) -> Int32? {
        if let status { return status }
        var word: Int32 = 0
        var result: pid_t
        repeat {
            result = unsafe waitpid(identifier, &word, options)
        } while result < 0 && errno == EINTR
        guard result == identifier else { return nil }
        status = word & 0x7F == 0 ? (word >> 8) & 0xFF : 128 + (word & 0x7F)
        return status
    }

    /// Both ends are closed in every other child.
    private static func makePipe() throws(SpawnError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw SpawnError(description: "pipe: \(unsafe String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

extension ChildProcess {
    /// The file that this very process was started from.
    public static var ownExecutable: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "mcomm" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
