import Glibc
import MCFacade
import MCTestSupport
import Testing

/// A peer that is killed comes back, and nobody has to do anything.
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct ReconnectTests {
    static let pairings = Pairing.all.filter { pairing in
        [
            ("PUSH", "PULL"), ("PULL", "PUSH"), ("PUB", "SUB"), ("SUB", "PUB"), ("REQ", "REP"),
            ("REP", "REQ"), ("PAIR", "PAIR"), ("DEALER", "ROUTER"), ("ROUTER", "DEALER"),
        ].contains { $0 == (pairing.ours.rawValue, pairing.theirs) }
    }

    // MARK: - They listen, we come again

    @Test(arguments: pairings, Setting.Transport.allCases)
    func weReturnToRestartedListener(pairing: Pairing, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let first = try PythonPeer()
        let setting = Setting(transport: transport, weBind: false)
        let socket = try pairing.open(setting, first, in: folder)
        defer { socket.close() }
        try pairing.exchange(["=before"], socket, first)
        first.kill()
        // Time enough for some refused attempts.
        usleep(100_000)
        for _ in 0..<2 {
            let next = try PythonPeer()
            try pairing.reopen(socket, next, endpoint: socket.lastEndpoint)
            try pairing.exchange(["=after", "70000:1"], socket, next)
            next.kill()
            usleep(50_000)
        }
    }

    /// What is sent while nobody listens waits for the one that will.
    @Test(
        arguments: [("PUSH", "PULL"), ("DEALER", "DEALER"), ("PAIR", "PAIR")],
        Setting.Transport.allCases)
    func messagesWaitForTheListener(
        types: (ours: String, theirs: String), transport: Setting.Transport
    ) throws {
        let folder = try TestFolder()
        let first = try PythonPeer()
        try first.ask("open", "s", types.theirs)
        let endpoint = try first.ask("bind", "s", folder.endpoint(transport))[0]
        let socket = try #require(SocketKind(rawValue: types.ours)).open(.bounded())
        defer { socket.close() }
        try socket.connect(endpoint)
        try socket.send(words: ["=before"])
        #expect(try first.ask("recv", "s", "5000") == Payload.words(["=before"]))
        first.kill()
        usleep(100_000)
        for number in 0..<10 { try socket.send(words: ["=waiting\(number)"]) }
        let second = try PythonPeer()
        try second.ask("open", "s", types.theirs)
        try second.ask("bind", "s", endpoint)
        for number in 0..<10 {
            #expect(try second.ask("recv", "s", "5000") == Payload.words(["=waiting\(number)"]))
        }
    }

    /// Connect before anybody has ever listened.
    @Test(arguments: pairings, Setting.Transport.allCases)
    func weConnectFirst(pairing: Pairing, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let endpoint = try folder.freeEndpoint(transport)
        let peer = try PythonPeer()
        let socket = try pairing.ours.open(.bounded { $0.routingID = Array("ours".utf8) })
        defer { socket.close() }
        if let sub = socket as? SubSocket { try sub.subscribe() }
        try socket.connect(endpoint)
        usleep(50_000)
        try pairing.reopen(socket, peer, endpoint: endpoint)
        try pairing.exchange(["=hello"], socket, peer)
    }

    // MARK: - We listen, they come again

    @Test(arguments: pairings, Setting.Transport.allCases)
    func theyReturnToOurNewSocket(pairing: Pairing, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let setting = Setting(transport: transport, weBind: true)
        let first = try pairing.open(
            setting, peer, in: folder, theirOptions: ["RECONNECT_IVL=20"])
        let endpoint = first.lastEndpoint
        try pairing.exchange(["=before"], first, peer)
        first.close()
        usleep(50_000)
        let second = try pairing.ours.open(.bounded { $0.routingID = Array("ours".utf8) })
        defer { second.close() }
        if let sub = second as? SubSocket { try sub.subscribe() }
        try second.bind(endpoint)
        try pairing.synchronize(second, peer)
        try pairing.exchange(["=after", "70000:1"], second, peer)
    }

    @Test(arguments: Setting.Transport.allCases)
    func theyReturnAfterUnbind(transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pull = try PullSocket(options: .bounded())
        defer { pull.close() }
        let endpoint = try pull.bind(folder.endpoint(transport))
        try peer.ask("open", "s", "PUSH", "RECONNECT_IVL=20")
        try peer.ask("connect", "s", endpoint)
        try peer.ask("send", "s", "=before")
        #expect(try pull.receiveWords() == Payload.words(["=before"]))
        try pull.unbind(endpoint)
        usleep(50_000)
        try peer.ask("send", "s", "=waiting")
        #expect(try pull.tryReceiveWords() == nil)
        try pull.bind(endpoint)
        #expect(try pull.receiveWords() == Payload.words(["=waiting"]))
    }

    /// A process of ours that echoes is killed and started again at the same endpoint.
    @Test(arguments: ["DEALER", "REP", "PAIR", "ROUTER"], Setting.Transport.allCases)
    func theyReturnToOurRestartedProcess(type: String, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        var endpoint = folder.endpoint(transport)
        let theirs = type == "PAIR" ? "PAIR" : "DEALER"
        try peer.ask("open", "s", theirs, "RECONNECT_IVL=20")
        let delimiter = type == "REP" ? ["="] : []
        for round in 0..<3 {
            let listener = try ChildProcess([
                try Checkout.program("MCTestPeer"), "serve", type, endpoint, "linger=0",
            ])
            let words = try listener.readLine().split(separator: " ")
            try #require(words.count == 2 && words[0] == "bound", "\(words)")
            endpoint = String(words[1])
            if round == 0 { try peer.ask("connect", "s", endpoint) }
            try eventually("echo \(round)") {
                let message = delimiter + ["=round\(round)"]
                try peer.ask(["send", "s"] + message)
                return try peer.ask("recv", "s", "500") == Payload.words(message)
            }
            // Nothing of this round is left for the next.
            while try peer.ask("recv", "s", "50") != ["none"] {}
            listener.kill()
            usleep(50_000)
        }
    }

    /// A disconnected endpoint is left alone.
    @Test(arguments: Setting.Transport.allCases)
    func disconnectEndsIt(transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        try peer.ask("open", "s", "PULL")
        try peer.ask("monitor", "s", "ACCEPTED", "DISCONNECTED")
        let endpoint = try peer.ask("bind", "s", folder.endpoint(transport))[0]
        let push = try PushSocket(options: .bounded { $0.lingerMilliseconds = -1 })
        defer { push.close() }
        try push.connect(endpoint)
        #expect(try peer.ask("event", "s", "5000") == ["ACCEPTED"])
        for number in 0..<100 { try push.send(words: ["=\(number)"]) }
        try push.disconnect(endpoint)
        for number in 0..<100 {
            try #require(try peer.ask("recv", "s", "5000") == Payload.words(["=\(number)"]))
        }
        #expect(try peer.ask("event", "s", "5000") == ["DISCONNECTED"])
        #expect(try peer.ask("event", "s", "200") == ["none"])
    }
}
