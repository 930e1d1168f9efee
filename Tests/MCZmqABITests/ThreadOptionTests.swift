import CMCZmq
import Glibc
import MCTestSupport
import Testing

extension ZmqTests {
    /// What a context's options do to its I/O threads, asked of the kernel.
    @Suite struct ThreadOptions {
        /// Gives `body` the I/O threads of a context with these options that has a socket.
        private func withThreads(
            _ options: [(Int32, Int32)], _ body: ([pid_t]) throws -> Void
        ) throws {
            let before = Set(Self.threads())
            let context = try #require(zmq_ctx_new())
            for (option, value) in options {
                #expect(zmq_ctx_set(context, option, value) == 0, "\(option)")
            }
            defer { zmq_ctx_term(context) }
            // As many as there are threads: each is started with a socket that needs it.
            let sockets = (0..<3).map { _ in zmq_socket(context, ZMQ_DEALER) }
            defer { for socket in sockets { zmq_close(socket) } }
            try body(Self.threads().filter { !before.contains($0) && isNamed($0) })
        }

        /// A thread has its name, and what else it is to have, shortly after it has begun.
        private func isNamed(_ thread: pid_t) -> Bool {
            for _ in 0..<1000 {
                if name(thread).contains("mc-io") { return true }
                usleep(1000)
            }
            return false
        }

        private static func threads() -> [pid_t] {
            guard let folder = opendir("/proc/self/task") else { return [] }
            defer { closedir(folder) }
            var found: [pid_t] = []
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if let thread = pid_t(name) { found.append(thread) }
            }
            return found
        }

        private func name(_ thread: pid_t) -> String {
            String(procText("/proc/self/task/\(thread)/comm").dropLast())
        }

        /// Waits, for what a thread does to itself when it begins.
        private func expect(_ what: String, _ condition: () -> Bool) {
            for _ in 0..<1000 where !condition() { usleep(1000) }
            #expect(condition(), "\(what)")
        }

        @Test(arguments: [1, 3]) func howMany(count: Int32) throws {
            try withThreads([(ZMQ_IO_THREADS, count)]) { #expect($0.count == Int(count)) }
        }

        @Test func names() throws {
            try withThreads([(ZMQ_THREAD_NAME_PREFIX, 42)]) { threads in
                #expect(threads.map(name) == ["42/mc-io-0"])
            }
        }

        /// SCHED_BATCH, which needs no privilege.
        private let batch: Int32 = 3

        @Test func schedulingPolicy() throws {
            try withThreads([(ZMQ_THREAD_SCHED_POLICY, batch)]) { threads in
                #expect(threads.count == 1)
                for thread in threads {
                    expect("batch") { sched_getscheduler(thread) == batch }
                }
            }
        }

        /// Without a real-time policy it is how nice the thread is not, where the system lets it.
        @Test func priority() throws {
            let isAllowed = ResultBox()
            Joined {
                isAllowed.begin()
                let process = __priority_which_t(PRIO_PROCESS.rawValue)
                // The calling thread alone, on Linux.
                isAllowed.end(with: setpriority(process, 0, -5))
            }.join()
            try withThreads([(ZMQ_THREAD_PRIORITY, 5)]) { threads in
                #expect(threads.count == 1)
                for thread in threads where isAllowed.outcome == 0 {
                    expect("less nice") { nice(thread) == -5 }
                }
            }
        }

        private func nice(_ thread: pid_t) -> Int? {
            // Behind the name, which ends with a bracket, it is the seventeenth.
            let fields = procText("/proc/self/task/\(thread)/stat").split(separator: ")").last?
                .split(separator: " ")
            return fields.flatMap { $0.count > 16 ? Int($0[16]) : nil }
        }

        /// Added and removed processors: what is left is where the threads run.
        @Test func processors() throws {
            let list = processors(getpid()).split(whereSeparator: { ",-".contains($0) })
            let some = try #require(list.last.flatMap { Int32($0) })
            let options = [
                (ZMQ_THREAD_AFFINITY_CPU_ADD, some), (ZMQ_THREAD_AFFINITY_CPU_ADD, 1000),
                (ZMQ_THREAD_AFFINITY_CPU_REMOVE, 1000),
            ]
            try withThreads(options) { threads in
                #expect(threads.count == 1)
                for thread in threads { expect("confined") { processors(thread) == "\(some)" } }
            }
        }

        /// As a list: "0-3,7".
        private func processors(_ thread: pid_t) -> String {
            let lines = procText("/proc/self/task/\(thread)/status").split(separator: "\n")
            let line = lines.first { $0.hasPrefix("Cpus_allowed_list:") }
            return line?.split(separator: "\t").last.map(String.init) ?? ""
        }
    }
}
