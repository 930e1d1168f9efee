import CMCZmq
import Glibc
import Testing

extension ZmqTests {
    /// Every socket option of zmq.h does what its row says: in our library, and in the distribution's, so
    /// that the table tells of libzmq and not only of us.
    @Suite struct TableOfOptions {
        /// Names of zmq.h's that are no socket option, by their beginnings.
        private static let others = [
            "ZMQ_VERSION", "ZMQ_EVENT_", "ZMQ_PROTOCOL_ERROR_", "ZMQ_POLL", "ZMQ_HAVE_", "ZMQ_HAS_",
            "ZMQ_NOTIFY_", "ZMQ_RECONNECT_STOP_", "ZMQ_GSSAPI_NT_", "ZMQ_HAUSNUMERO",
            "ZMQ_DEFINED_", "ZMQ_GROUP_MAX_LENGTH", "ZMQ_CURRENT_EVENT_VERSION",
        ]
        private static let socketTypes = [
            "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
            "STREAM", "SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER",
            "CHANNEL",
        ]
        private static let flagsAndKinds = [
            "DONTWAIT", "SNDMORE", "MORE", "SRCFD", "SHARED", "NULL", "PLAIN", "CURVE", "GSSAPI",
            "STREAMER", "FORWARDER", "QUEUE",
        ]

        /// Whoever adds an option to the header adds its row.
        @Test func everyOptionHasItsRow() throws {
            let rows = OptionTable.rows.map(\.name)
            #expect(Set(rows).count == rows.count)
            let known = Set(
                rows + ContextTable.rows.map(\.name)
                    + (Self.socketTypes + Self.flagsAndKinds).map { "ZMQ_" + $0 })
            for name in Repository.constants.keys.sorted() where !known.contains(name) {
                let isOther = name.hasSuffix("_DFLT") || Self.others.contains(where: name.hasPrefix)
                #expect(isOther, "\(name) is in no table")
            }
        }

        /// What has an effect has a test of it.
        @Test func everyEffectIsTested() throws {
            for row in OptionTable.rows {
                #expect(row.effects.isEmpty == (row.idle != nil), "\(row.name)")
                for name in row.effects {
                    #expect(try Repository.hasTest(name), "\(row.name): there is no \(name)")
                }
            }
        }

        @Test(arguments: OptionTable.rows, ZmqLibrary.all)
        func behaves(row: OptionRow, library: ZmqLibrary) throws {
            // What we have not built in the distribution has, each as it likes.
            if row.access == .none && !library.isOurs { return }
            let number = try #require(Repository.constants[row.name])
            for type in SocketTypes.all {
                guard library.isOurs || type <= ZMQ_STREAM && !row.refusedBy.contains(type) else {
                    continue
                }
                // A new one: what some options were set to cannot be asked.
                let socket = try #require(ProbedSocket(type, library))
                let walk = Walk(row: row, number: number, type: type, socket: socket)
                if row.isThere(type, isDraft: library.isDraft) {
                    walk.there()
                } else {
                    walk.notThere()
                }
            }
        }
    }
}

/// One option on one socket.
private struct Walk {
    let row: OptionRow
    let number: Int32
    let type: Int32
    let socket: ProbedSocket

    private var name: String { "\(row.name) of type \(type), \(socket.library.name)" }

    func there() {
        if row.access != .write { fresh() } else { unreadable() }
        guard row.access != .read else {
            unsettable([.int(0), .int(1), .long(0), .text("x"), .null])
            return
        }
        for (sample, after) in row.good {
            #expect(socket.set(number, sample) == 0, "\(name): \(sample)")
            expectRead(after)
            wrongValues(behind: after)
        }
    }

    func notThere() {
        unsettable(row.good.map(\.0) + row.bad + [.int(0), .int(1), .long(0)])
        let isRead = row.isReadByAll && (socket.library.isDraft || !row.isDraft)
        if isRead, let fresh = row.fresh { expectRead(fresh) } else { unreadable() }
    }

    private func fresh() {
        if let fresh = row.freshOf[type] ?? row.fresh { expectRead(fresh) }
    }

    /// Refused values, and sizes, leave everything as it was.
    private func wrongValues(behind good: OptionSample) {
        for sample in row.bad {
            #expect(socket.set(number, sample) == EINVAL, "\(name): \(sample)")
        }
        if row.form == .int || row.form == .long {
            for size in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16] where size != row.size {
                let memory = [UInt8](repeating: 0, count: 16)
                #expect(socket.set(number, memory, size) == EINVAL, "\(name): \(size) bytes")
            }
        }
        expectRead(good)
    }

    private func unsettable(_ samples: [OptionSample]) {
        for sample in samples {
            #expect(socket.set(number, sample) == EINVAL, "\(name): \(sample)")
        }
    }

    private func unreadable() {
        for room in [0, 1, 4, 8, 32, 41, 256] {
            #expect(socket.get(number, room: room) == .failed(EINVAL), "\(name): into \(room)")
        }
    }

    /// The value, by every room that it may be read into, and none that it may not.
    private func expectRead(_ value: OptionSample) {
        guard row.access != .write else { return }
        let memory = value.memory + (row.form == .text ? [0] : [])
        let isExact = row.form == .int || row.form == .long
        for room in Set([0, 1, 3, 4, 5, 7, 8, 9, 16, 300, memory.count, memory.count + 1]) {
            let fits = isExact ? room == memory.count : room >= memory.count
            // What is left of it is cleared.
            let rest = [UInt8](repeating: 0, count: max(0, room - memory.count))
            #expect(
                socket.get(number, room: room)
                    == (fits ? .value(memory + rest, size: memory.count) : .failed(EINVAL)),
                "\(name): into \(room)")
        }
    }
}

extension OptionRow: CustomTestStringConvertible {
    var testDescription: String { name }

    fileprivate var size: Int { form == .long ? 8 : 4 }
}
