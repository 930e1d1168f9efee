import CMCZmq
import Glibc
import Testing

/// A context option as zmq.h names it.
struct ContextRow: Sendable {
    let name: String
    /// What a new context has; nil where it cannot be read.
    var fresh: Int32?
    /// What can be set, and is read back as it was or (second) as another; none where nothing can.
    var good: [(Int32, Int32)] = []
    var bad: [Int32] = []
    var isDraft = false
    /// The tests that fail when it is ignored.
    var effects: [String] = []
    /// Why it has none.
    var idle: String?
}

/// Every context option of zmq.h.
enum ContextTable {
    private static let flags: [(Int32, Int32)] = [(0, 0), (1, 1), (2, 1), (.max, 1)]

    static let rows: [ContextRow] = [
        ContextRow(
            name: "ZMQ_IO_THREADS", fresh: 1, good: [(3, 3), (0, 0), (1, 1)], bad: [-1],
            effects: ["MCZmqABITests/ThreadOptionTests/howMany"]),
        ContextRow(
            name: "ZMQ_MAX_SOCKETS", fresh: 1023, good: [(2, 2), (65_536, 65_536)], bad: [0, -1],
            effects: ["MCZmqABITests/OptionTests/contextOptionsWork"]),
        // One number: how many sockets there may be can be read, a priority set.
        ContextRow(name: "ZMQ_SOCKET_LIMIT", fresh: 65_535, idle: "tells of a limit"),
        ContextRow(
            name: "ZMQ_THREAD_PRIORITY", fresh: 65_535, good: [(0, 65_535), (9, 65_535)],
            bad: [-1], effects: ["MCZmqABITests/ThreadOptionTests/priority"]),
        ContextRow(
            name: "ZMQ_THREAD_SCHED_POLICY", fresh: -1, good: [(3, 3), (0, 0)], bad: [-1],
            effects: ["MCZmqABITests/ThreadOptionTests/schedulingPolicy"]),
        ContextRow(
            name: "ZMQ_MAX_MSGSZ", fresh: .max, good: [(0, 0), (12, 12)], bad: [-1],
            idle: "libzmq keeps it, and nothing depends on it; ZMQ_MAXMSGSIZE is a socket's"),
        ContextRow(name: "ZMQ_MSG_T_SIZE", fresh: 64, bad: [64], idle: "tells of a size"),
        ContextRow(
            name: "ZMQ_THREAD_AFFINITY_CPU_ADD", good: [(0, -1), (63, -1)], bad: [-1],
            effects: ["MCZmqABITests/ThreadOptionTests/processors"]),
        ContextRow(
            name: "ZMQ_THREAD_AFFINITY_CPU_REMOVE", bad: [0, -1],
            effects: ["MCZmqABITests/ThreadOptionTests/processors"]),
        ContextRow(
            name: "ZMQ_THREAD_NAME_PREFIX", fresh: 0, good: [(7, 7), (-7, -7), (0, 0)],
            effects: ["MCZmqABITests/ThreadOptionTests/names"]),
        ContextRow(
            name: "ZMQ_ZERO_COPY_RECV", fresh: 1, good: flags, bad: [-1],
            idle: "large messages are read into their place in any case"),
        ContextRow(
            name: "ZMQ_BLOCKY", fresh: 1, good: flags, bad: [-1],
            effects: ["MCZmqABITests/OptionTests/contextOptionsWork"]),
        ContextRow(
            name: "ZMQ_IPV6", fresh: 0, good: flags, bad: [-1],
            effects: ["MCZmqABITests/OptionTests/contextOptionsWork"]),
    ]
}

extension ZmqTests {
    /// Every context option of zmq.h does what its row says: in our library and in the distribution's.
    @Suite struct TableOfContextOptions {
        @Test(arguments: ContextTable.rows, ZmqLibrary.all)
        func behaves(row: ContextRow, library: ZmqLibrary) throws {
            let number = try #require(Repository.constants[row.name])
            let context = try #require(library.newContext())
            defer { _ = library.endContext(context) }
            func expectRead(_ value: Int32?, behind set: Int32?) {
                errno = 0
                let read = library.getContext(context, number)
                let name = "\(row.name) behind \(set.map { "\($0)" } ?? "nothing")"
                #expect(read == value ?? -1 && errno == (value == nil ? EINVAL : 0), "\(name)")
            }
            expectRead(row.fresh, behind: nil)
            var now = row.fresh
            for (value, after) in row.good {
                #expect(library.setContext(context, number, value) == 0, "\(value)")
                now = row.fresh == nil ? nil : after
                expectRead(now, behind: value)
            }
            for value in row.bad {
                #expect(failure(library.setContext(context, number, value)) == EINVAL, "\(value)")
                expectRead(now, behind: value)
            }
        }

        @Test func everyEffectIsTested() throws {
            for row in ContextTable.rows {
                #expect(row.effects.isEmpty == (row.idle != nil), "\(row.name)")
                for name in row.effects {
                    #expect(try Repository.hasTest(name), "\(row.name): there is no \(name)")
                }
            }
        }

        /// Numbers of which there is no option.
        @Test(arguments: ZmqLibrary.all)
        func whatIsNoOption(library: ZmqLibrary) throws {
            let context = try #require(library.newContext())
            defer { _ = library.endContext(context) }
            let known = try ContextTable.rows.map { row in
                try #require(Repository.constants[row.name])
            }
            for number in Array(Int32(-1)...130) + [.max, .min] where !known.contains(number) {
                #expect(failure(library.getContext(context, number)) == EINVAL, "\(number)")
                #expect(failure(library.setContext(context, number, 1)) == EINVAL, "\(number)")
            }
        }

        #if ZMQ_BUILD_DRAFT_API
        /// The same by memory instead of numbers.
        @Test func throughMemory() throws {
            let context = zmq_ctx_new()
            defer { zmq_ctx_term(context) }
            for row in ContextTable.rows {
                let number = try #require(Repository.constants[row.name])
                for (value, after) in row.good {
                    var value = value
                    #expect(zmq_ctx_set_ext(context, number, &value, 4) == 0)
                    guard row.fresh != nil else { continue }
                    var read: Int32 = 0
                    var size = 4
                    #expect(zmq_ctx_get_ext(context, number, &read, &size) == 0)
                    #expect(read == after && size == 4, "\(row.name)")
                }
                var memory = [UInt8](repeating: 1, count: 16)
                for size in [0, 1, 3, 5, 8, 16] where row.name != "ZMQ_THREAD_NAME_PREFIX" {
                    var room = size
                    #expect(failure(zmq_ctx_set_ext(context, number, &memory, size)) == EINVAL)
                    #expect(failure(zmq_ctx_get_ext(context, number, &memory, &room)) == EINVAL)
                }
                #expect(failure(zmq_ctx_set_ext(context, number, nil, 4)) == EFAULT)
                #expect(failure(zmq_ctx_get_ext(context, number, nil, nil)) == EFAULT)
            }
        }

        /// A prefix is text of up to 16 bytes, or the digits of a number.
        @Test func prefixAsText() throws {
            let context = zmq_ctx_new()
            defer { zmq_ctx_term(context) }
            let prefix = ZMQ_THREAD_NAME_PREFIX
            #expect(failure(zmq_ctx_set_ext(context, prefix, "", 0)) == EINVAL)
            #expect(failure(zmq_ctx_set_ext(context, prefix, "seventeen-letters", 17)) == EINVAL)
            #expect(zmq_ctx_set_ext(context, prefix, "12-and-letters", 14) == 0)
            #expect(zmq_ctx_get(context, prefix) == 12)
            for room in [14, 15, 40] {
                var memory = [UInt8](repeating: 0xEE, count: 40)
                var size = room
                #expect(zmq_ctx_get_ext(context, prefix, &memory, &size) == 0 && size == 14)
                #expect(memory.prefix(14) == ArraySlice("12-and-letters".utf8))
            }
            var size = 13
            var memory = [UInt8](repeating: 0, count: 40)
            #expect(failure(zmq_ctx_get_ext(context, prefix, &memory, &size)) == EINVAL)
        }
        #endif
    }
}

extension ContextRow: CustomTestStringConvertible {
    var testDescription: String { name }
}
