import Glibc
import MCFacade
import MCTestSupport
import Testing

/// PING and PONG (RFC 37, "Connection Heartbeating").
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct HeartbeatTests {
    /// A quiet connection on which one side asks and the other answers outlives the time-out.
    @Test(arguments: [true, false], Setting.all)
    func quietConnectionStays(weAsk: Bool, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let options = SocketOptions.bounded {
            guard weAsk else { return }
            $0.heartbeatIntervalMilliseconds = 100
            $0.heartbeatTimeoutMilliseconds = 700
            $0.heartbeatTTLMilliseconds = 700
        }
        let pair = try PairSocket(options: options)
        defer { pair.close() }
        try peer.ask(
            ["open", "s", "PAIR"]
                + (weAsk
                    ? []
                    : ["HEARTBEAT_IVL=100", "HEARTBEAT_TIMEOUT=700", "HEARTBEAT_TTL=700"]))
        try peer.ask("monitor", "s", "DISCONNECTED")
        try setting.join(pair, peer, "s", in: folder)
        try peer.ask("send", "s", "=first")
        #expect(try pair.receiveWords() == Payload.words(["=first"]))
        #expect(try peer.ask("event", "s", "1500") == ["none"])
        try peer.ask("send", "s", "=last")
        #expect(try pair.receiveWords() == Payload.words(["=last"]))
        try pair.send(words: ["=answer"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=answer"]))
        #expect(try peer.ask("event", "s", "0") == ["none"])
    }

    enum Watch: String, Sendable, CaseIterable {
        /// We ask, and get no answer.
        case timeout
        /// The peer told us how long it may be silent.
        case ttl
    }

    /// A process that is stopped keeps its connection open and says nothing.
    @Test(arguments: Watch.allCases, Setting.Transport.allCases)
    func stoppedPeerIsNoticed(watch: Watch, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let push = try PushSocket(
            options: .bounded {
                guard watch == .timeout else { return }
                $0.heartbeatIntervalMilliseconds = 100
                $0.heartbeatTimeoutMilliseconds = 300
            })
        defer { push.close() }
        let endpoint = try push.bind(folder.endpoint(transport))
        var options = ["open", "s", "PULL", "RECONNECT_IVL=20"]
        if watch == .ttl { options += ["HEARTBEAT_IVL=100", "HEARTBEAT_TTL=400"] }
        try peer.ask(options)
        try peer.ask("connect", "s", endpoint)
        try push.send(words: ["=before"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=before"]))
        // The peer's first PING comes after its first interval.
        usleep(300_000)
        #expect(try push.events().contains(.canSend))
        peer.process.signal(SIGSTOP)
        try eventually("the stopped peer is given up") { !(try push.events().contains(.canSend)) }
        peer.process.signal(SIGCONT)
        try push.send(words: ["=after"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=after"]))
    }

    /// Without heartbeats a stopped peer is none of our business.
    @Test func stoppedPeerIsKeptWithoutHeartbeat() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let push = try PushSocket(options: .bounded())
        defer { push.close() }
        try peer.ask("open", "s", "PULL")
        try peer.ask("connect", "s", try push.bind(folder.endpoint(.tcp)))
        try push.send(words: ["=before"])
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=before"]))
        peer.process.signal(SIGSTOP)
        usleep(700_000)
        #expect(try push.events().contains(.canSend))
        try push.send(words: ["=after"])
        peer.process.signal(SIGCONT)
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=after"]))
    }

    // MARK: - On the wire

    private static let ping = Payload.hex([4] + Array("PING".utf8))
    private static let pong = Payload.hex([4] + Array("PONG".utf8))

    /// Who does not answer is dialled again.
    @Test func pingOnTheWire() throws {
        let peer = try PythonPeer()
        let dealer = try DealerSocket(
            options: .bounded {
                $0.heartbeatIntervalMilliseconds = 50
                $0.heartbeatTimeoutMilliseconds = 300
                $0.heartbeatTTLMilliseconds = 2500
            })
        defer { dealer.close() }
        try dealer.connect(try peer.ask("rawlisten", "l")[0])
        try peer.ask("rawaccept", "l", "w")
        try peer.ask("rawhello", "w", "1", "ROUTER")
        // 2500 ms are 25 tenths of a second.
        #expect(try peer.ask("rawrecv", "w", "5000") == ["4", "x" + HeartbeatTests.ping + "0019"])
        try eventually("the connection is given up") {
            try peer.ask("rawrecv", "w", "5000") == ["end"]
        }
        try peer.ask("rawaccept", "l", "w2")
        try peer.ask("rawhello", "w2", "1", "ROUTER")
        // Who answers is kept.
        for _ in 0..<12 {
            #expect(try peer.ask("rawrecv", "w2", "5000")[0] == "4")
            try peer.ask("rawsend", "w2", "4", "x" + HeartbeatTests.pong)
        }
        try dealer.send(words: ["=hello"])
        try eventually("a message between PINGs") {
            try peer.ask("rawrecv", "w2", "5000") == ["0"] + Payload.words(["=hello"])
        }
    }

    /// The context of a PING comes back, whatever the socket and whoever reads.
    @Test(arguments: [SocketKind.pull, .push, .pub, .sub, .req, .rep, .pair, .dealer, .router])
    func pongOnTheWire(kind: SocketKind) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try kind.open(.bounded())
        defer { socket.close() }
        let partner =
            [
                SocketKind.pull: "PUSH", .push: "PULL", .pub: "SUB", .sub: "PUB", .req: "REP",
                .rep: "REQ", .pair: "PAIR", .dealer: "DEALER", .router: "DEALER",
            ][kind] ?? ""
        try peer.ask("rawdial", "w", try socket.bind(folder.endpoint(.tcp)))
        try peer.ask("rawhello", "w", "1", partner)
        for context in ["", "00ff", String(repeating: "ab", count: 16)] {
            try peer.ask("rawsend", "w", "4", "x" + HeartbeatTests.ping + "0000" + context)
            #expect(
                try peer.ask("rawrecv", "w", "5000")
                    == ["4", "x" + HeartbeatTests.pong + context])
        }
    }
}
