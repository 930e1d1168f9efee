import Foundation
import MCFacade
import Testing

extension FacadeTests {
    /// Who may connect.
    @Suite struct Filters {
        /// Whether a PULL with these options takes a PUSH's message; and that it says so when not.
        private func accepts(
            at endpoint: String, from source: String = "", _ options: SocketOptions
        ) throws -> Bool {
            try withContext { context in
                let pull = try PullSocket(context: context, options: options)
                #expect(pull.options == options)
                let monitor = pull.monitor()
                let real = try pull.bind(endpoint)
                let push = try PushSocket(
                    context: context, options: .test { $0.reconnectIntervalMilliseconds = 1000 })
                let address = real.split(separator: "/").last.map(String.init) ?? ""
                try push.connect(source.isEmpty ? real : "tcp://\(source):0;\(address)")
                try push.send("x")
                while true {
                    let event = try #require(monitor.next(timeoutMilliseconds: patience))
                    switch event.kind {
                    case .acceptFailed:
                        #expect(event.endpoint == real && event.reason != nil)
                        #expect(event.value == Int(EACCES))
                        pause(20)
                        #expect(try pull.tryReceive() == nil)
                        return false
                    case .handshakeSucceeded:
                        #expect(try pull.text() == "x")
                        return true
                    default: continue
                    }
                }
            }
        }

        // MARK: TCP

        @Test(arguments: [
            ([], true), (["127.0.0.1/32"], true), (["0.0.0.0/0"], true), (["127.0.0.1"], true),
            (["127.0.0.255/32"], false), (["::1"], false), (["10.0.0.0/8", "127.0.0.0/8"], true),
            (["10.0.0.0/8", "192.168.0.0/16"], false),
        ])
        func addresses(filters: [String], expected: Bool) throws {
            let options = SocketOptions.test { $0.tcpAcceptFilters = filters }
            #expect(try accepts(at: "tcp://127.0.0.1:*", options) == expected)
        }

        @Test(arguments: ["127.0.0.1", "127.0.0.2"])
        func theSourceDecides(source: String) throws {
            let options = SocketOptions.test { $0.tcpAcceptFilters = ["127.0.0.2"] }
            #expect(
                try accepts(at: "tcp://127.0.0.1:*", from: source, options)
                    == (source == "127.0.0.2"))
        }

        @Test(arguments: [(["::1/128"], true), (["127.0.0.1"], false), (["::2/127"], false)])
        func addressesOfIPv6(filters: [String], expected: Bool) throws {
            let options = SocketOptions.test { $0.tcpAcceptFilters = filters }
            #expect(try accepts(at: "tcp://[::1]:*", options) == expected)
        }

        /// An IPv4 peer of a socket that takes both is an IPv4 peer.
        @Test(arguments: [(["127.0.0.0/8"], true), (["10.0.0.0/8"], false), (["::1"], false)])
        func addressesOfBoth(filters: [String], expected: Bool) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.tcpAcceptFilters = filters
                        $0.ipv6 = true
                    })
                let port = try #require(try pull.bind("tcp://*:*").split(separator: ":").last)
                let raw = try RawPeer.connect(to: "tcp://127.0.0.1:\(port)")
                if expected {
                    try raw.shakeHands(as: "PUSH")
                } else {
                    #expect(raw.isClosed(within: patience))
                }
            }
        }

        /// Who is not accepted costs those nothing who are, and filters can be cleared for what is
        /// bound next.
        @Test func othersGoOn() throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context, options: .test { $0.tcpAcceptFilters = ["127.0.0.2"] })
                let filtered = try pull.bind("tcp://127.0.0.1:*")
                try pull.setOptions { $0.tcpAcceptFilters = [] }
                let open = try pull.bind("tcp://127.0.0.1:*")
                for _ in 0..<100 {
                    let refused = try RawPeer.connect(to: filtered)
                    #expect(refused.isClosed(within: patience))
                }
                let push = try PushSocket(context: context, options: .test)
                try push.connect(
                    "tcp://127.0.0.2:0;127.0.0.1:\(filtered.split(separator: ":").last ?? "")")
                try push.send("a")
                #expect(try pull.text() == "a")
                try push.disconnect(push.lastEndpoint)
                try push.connect(open)
                try push.send("b")
                #expect(try pull.text() == "b")
            }
        }

        @Test(arguments: [
            "foo", "0.0.0.0foo", "0.0.0.0/foo", "0.0.0.0/", "0.0.0.0/-1", "0.0.0.0/33", "",
        ])
        func badFilters(text: String) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                do throws(SocketError) {
                    try pull.setOptions { $0.tcpAcceptFilters = ["127.0.0.1", text] }
                    Issue.record("\(text) is accepted")
                } catch {
                    #expect(error.code == .invalidOption && error.number == EINVAL)
                    #expect(error.message.contains("tcpAcceptFilters"))
                    #expect(error.message.contains(text.debugDescription))
                }
                #expect(pull.options.tcpAcceptFilters.isEmpty)
            }
        }

        // MARK: ipc

        private static let groups: [UInt32] = {
            var groups = [gid_t](repeating: 0, count: 100)
            let count = getgroups(100, &groups)
            return count > 0 ? Array(groups[..<Int(count)]) : []
        }()

        enum Case: CaseIterable, Sendable {
            case everybody, ownProcess, otherProcess, ownUser, otherUser, ownGroup, otherGroup
            case oneOfSeveral, anyKind, noneOfAnyKind
        }

        @Test(arguments: Case.allCases)
        func processes(_ kind: Case) throws {
            let otherGroup = (Filters.groups + [getgid()]).reduce(0, max) + 1
            var expected = true
            let options = SocketOptions.test { options in
                switch kind {
                case .everybody: break
                case .ownProcess: options.ipcFilterProcessIDs = [getpid()]
                case .otherProcess:
                    options.ipcFilterProcessIDs = [getpid() + 1]
                    expected = false
                case .ownUser: options.ipcFilterUserIDs = [getuid()]
                case .otherUser:
                    options.ipcFilterUserIDs = [getuid() + 1]
                    expected = false
                case .ownGroup: options.ipcFilterGroupIDs = [getgid()]
                case .otherGroup:
                    options.ipcFilterGroupIDs = [otherGroup]
                    expected = false
                case .oneOfSeveral: options.ipcFilterUserIDs = [getuid() + 1, getuid()]
                case .anyKind:
                    options.ipcFilterProcessIDs = [getpid() + 1]
                    options.ipcFilterUserIDs = [getuid()]
                    options.ipcFilterGroupIDs = [otherGroup]
                case .noneOfAnyKind:
                    options.ipcFilterProcessIDs = [getpid() + 1]
                    options.ipcFilterUserIDs = [getuid() + 1]
                    options.ipcFilterGroupIDs = [otherGroup]
                    expected = false
                }
            }
            #expect(try accepts(at: Way.ipc.fresh, options) == expected)
        }

        /// Every group that this process has counts.
        @Test func supplementaryGroups() throws {
            for group in Filters.groups.prefix(4) {
                let options = SocketOptions.test { $0.ipcFilterGroupIDs = [group] }
                #expect(try accepts(at: Way.ipc.fresh, options))
            }
        }

        /// Filters of one transport do not concern the other.
        @Test func eachToItsOwn() throws {
            let tcp = SocketOptions.test { $0.ipcFilterProcessIDs = [getpid() + 1] }
            #expect(try accepts(at: "tcp://127.0.0.1:*", tcp))
            let ipc = SocketOptions.test { $0.tcpAcceptFilters = ["10.0.0.0/8"] }
            #expect(try accepts(at: Way.ipc.fresh, ipc))
        }
    }
}
