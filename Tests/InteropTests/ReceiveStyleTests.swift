import Glibc
import MCFacade
import MCLock
import Testing

/// The three ways to receive, each from a libzmq sender that does not wait for us.
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct ReceiveStyleTests {
    /// Sockets that receive without being asked something first. The XPUB tells its application
    /// when our subscription is there; without a high-water mark it drops nothing.
    static let pairings: [Pairing] = [
        Pairing(ours: .pull, theirs: "PUSH", flow: .theySend),
        Pairing(ours: .sub, theirs: "XPUB", flow: .theySend),
        Pairing(ours: .pair, theirs: "PAIR", flow: .theySend),
        Pairing(ours: .dealer, theirs: "DEALER", flow: .theySend),
        Pairing(ours: .router, theirs: "DEALER", flow: .theySend, ourEnvelope: ["=theirs"]),
    ]

    static let count = 3000

    private func open(
        _ pairing: Pairing, _ setting: Setting, _ peer: PythonPeer, _ folder: TestFolder
    ) throws -> any ReceivingSocket {
        let socket = try pairing.ours.open(.bounded())
        try peer.ask("open", "s", pairing.theirs, "SNDHWM=0", "ROUTING_ID==theirs")
        if let sub = socket as? SubSocket { try sub.subscribe() }
        try setting.join(socket, peer, "s", in: folder)
        if pairing.theirs == "XPUB" { try #require(try peer.ask("recv", "s", "5000") == ["x01"]) }
        return try #require(socket as? any ReceivingSocket)
    }

    /// Has the peer send numbered messages, the last of each thousand a long one.
    private func beginSending(_ peer: PythonPeer) throws {
        for block in stride(from: 0, to: ReceiveStyleTests.count, by: 1000) {
            try peer.begin("sendcounted", "s", "\(block)", "999", "16")
            try peer.begin("sendcounted", "s", "\(block + 999)", "1", "200000")
        }
    }

    private func endSending(_ peer: PythonPeer) throws {
        for _ in stride(from: 0, to: ReceiveStyleTests.count, by: 500) { _ = try peer.answer() }
    }

    @Test(arguments: pairings, Setting.all)
    func polling(pairing: Pairing, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try open(pairing, setting, peer, folder)
        defer { socket.close() }
        try beginSending(peer)
        var next = 0
        while next < ReceiveStyleTests.count {
            // Every other one without waiting.
            if next % 2 == 0 {
                guard let message = try socket.tryReceive() else {
                    usleep(100)
                    continue
                }
                try #require(message.number == next)
            } else {
                let message = try socket.receive()
                try #require(message.number == next)
            }
            next += 1
        }
        try endSending(peer)
        try #require(try socket.tryReceiveWords() == nil)
    }

    @Test(arguments: pairings, Setting.all)
    func callback(pairing: Pairing, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try open(pairing, setting, peer, folder)
        defer { socket.close() }
        let log = Locked<[Int]>([])
        try socket.onMessage { message in
            let number = message.number
            log.withLock { $0.append(number) }
        }
        try beginSending(peer)
        try endSending(peer)
        try eventually("all messages come") { log.withLock { $0.count } >= ReceiveStyleTests.count }
        try #require(log.withLock { $0 } == Array(0..<ReceiveStyleTests.count))
    }

    @Test(arguments: pairings, Setting.all)
    func tasks(pairing: Pairing, setting: Setting) async throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try open(pairing, setting, peer, folder)
        defer { socket.close() }
        try beginSending(peer)
        var next = 0
        for try await message in socket.messages {
            try #require(message.message.number == next)
            next += 1
            if next == ReceiveStyleTests.count { break }
        }
        #expect(next == ReceiveStyleTests.count)
        try endSending(peer)
    }

    /// A server that answers from a callback.
    @Test(arguments: [SocketKind.rep, .router], Setting.all)
    func answersFromCallback(kind: SocketKind, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try kind.open(.bounded())
        defer { socket.close() }
        try peer.ask("open", "s", "REQ")
        try setting.join(socket, peer, "s", in: folder)
        let failures = Locked<[String]>([])
        let server = try #require(socket as? any SendingSocket & ReceivingSocket)
        try server.onMessage { message in
            do {
                try server.send(message)
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        for size in [0, 1, 300, 100_000] {
            try peer.ask("send", "s", "\(size):1", "=")
            let reply = try peer.ask("recv", "s", "5000")
            try #require(reply == Payload.words(["\(size):1", "="]), "\(failures.withLock { $0 })")
        }
    }

    /// A server that answers from a task.
    @Test(arguments: [SocketKind.rep, .router], Setting.all)
    func answersFromTask(kind: SocketKind, setting: Setting) async throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try kind.open(.bounded())
        try peer.ask("open", "s", "REQ")
        try setting.join(socket, peer, "s", in: folder)
        let server = try #require(socket as? any SendingSocket & ReceivingSocket)
        let sizes = [0, 1, 300, 100_000]
        for size in sizes {
            try peer.begin("send", "s", "\(size):1", "=")
            try peer.begin("recv", "s", "10000")
        }
        var served = 0
        for try await request in server.messages {
            try await server.send(parts: request.parts)
            served += 1
            if served == sizes.count { break }
        }
        for size in sizes {
            _ = try peer.answer()
            #expect(try peer.answer() == Payload.words(["\(size):1", "="]))
        }
        socket.close()
    }

    /// Closing ends the sequence of a task that waits.
    @Test func closeEndsSequence() async throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let socket = try PullSocket(options: .bounded())
        try peer.ask("open", "s", "PUSH")
        try peer.ask("connect", "s", try socket.bind(folder.endpoint(.tcp)))
        let counter = Counter()
        async let sequence: Void = counter.count(socket)
        try peer.ask("send", "s", "=one")
        try eventually("the message") { counter.value == 1 }
        socket.close()
        try await sequence
        #expect(counter.value == 1)
    }

    private final class Counter: Sendable {
        private let count = Locked(0)

        var value: Int { count.withLock { $0 } }

        @concurrent func count(_ socket: PullSocket) async throws {
            for try await _ in socket.messages { count.withLock { $0 += 1 } }
        }
    }
}
