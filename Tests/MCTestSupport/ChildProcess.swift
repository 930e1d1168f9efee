import CMCLinux
import Glibc

/// A process that a test started: killed at the latest when the test lets go of it.
///
/// Its standard input and output are one socket, so that writing to a dead one raises no SIGPIPE.
/// Belongs to one test.
package final class ChildProcess: @unchecked Sendable {
    package let name: String
    package let identifier: Int32
    private let descriptor: Int32
    private var unread: [UInt8] = []
    private var status: Int32?

    package init(_ arguments: [String]) throws {
        name = arguments.joined(separator: " ")
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw Failure("no socket pair: errno \(errno)")
        }
        descriptor = ends[0]
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var identifier: pid_t = 0
        let error = posix_spawn(&identifier, arguments[0], &actions, nil, words, environ)
        guard error == 0 else {
            close(ends[0])
            throw Failure("\(arguments[0]) does not start: errno \(error)")
        }
        self.identifier = identifier
    }

    deinit {
        if status == nil { kill() }
        close(descriptor)
    }

    // MARK: Signals

    /// Ends the process as a crash would, and returns when it is gone.
    package func kill() {
        guard status == nil else { return }
        signal(SIGKILL)
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        self.status = status
    }

    package func signal(_ number: Int32) {
        guard status == nil else { return }
        _ = Glibc.kill(identifier, number)
    }

    /// Whether it has not ended by itself yet.
    package var isRunning: Bool {
        guard status == nil else { return false }
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return true }
        self.status = status
        return false
    }

    /// Waits for the process to exit by itself; its wait status.
    package func waitForExit(seconds: Int = 20) throws -> Int32 {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while status == nil {
            var status: Int32 = 0
            if waitpid(identifier, &status, WNOHANG) == identifier {
                self.status = status
                break
            }
            guard ContinuousClock.now < deadline else {
                throw Failure("\(name) is still running after \(seconds) s")
            }
            usleep(2000)
        }
        return status ?? -1
    }

    // MARK: Lines

    /// Tells the process that there will be no more input.
    package func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    package func write(line: String) throws {
        let bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send($0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            guard count > 0 else { throw Failure("\(name) does not listen: errno \(errno)") }
            sent += count
        }
    }

    private func send(_ start: UnsafeRawPointer?, _ count: Int) -> Int {
        guard let start else { return 0 }
        return Glibc.send(descriptor, start, count, Int32(MSG_NOSIGNAL))
    }

    /// The next line of output.
    ///
    /// - Throws: when there is none within the time, or the output has ended.
    package func readLine(seconds: Int = 20) throws -> String {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            guard ContinuousClock.now < deadline else {
                throw Failure("\(name) said nothing for \(seconds) s")
            }
            guard try readSome() else { throw Failure("\(name) has ended") }
        }
    }

    /// - Returns: false at the end.
    private func readSome() throws -> Bool {
        guard cmc_poll_one(descriptor, CMC_POLL_IN, 100_000_000) != 0 else { return true }
        let count = withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { unread += buffer[..<count] }
            return count
        }
        if count < 0, errno == EINTR || errno == EAGAIN { return true }
        // A process that died with input unread resets the connection.
        return count > 0
    }
}
