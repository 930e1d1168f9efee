import Glibc
import MCFacade
import MCTestSupport
import Testing

/// High-water marks and LINGER with libzmq at the other end.
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct HighWaterMarkTests {
    /// Big enough that the kernel's buffers are full at once.
    private static let messageBytes = 256 << 10

    private func numbered(_ number: Int, _ bytes: Int) -> [UInt8] {
        var message = [UInt8](repeating: 0, count: bytes)
        for index in 0..<8 { message[index] = UInt8(truncatingIfNeeded: number >> (index * 8)) }
        return message
    }

    /// Sends numbered messages from `first` on until none is taken for a while; the next number.
    /// For a while, because what the kernel takes late makes room once more.
    private func fill(_ push: PushSocket, from first: Int, limit: Int) throws -> Int {
        let timeout = push.options.sendTimeoutMilliseconds
        try push.setOptions { $0.sendTimeoutMilliseconds = 300 }
        defer { try? push.setOptions { $0.sendTimeoutMilliseconds = timeout } }
        for number in first..<limit {
            do throws(SocketError) {
                try push.send(numbered(number, HighWaterMarkTests.messageBytes))
            } catch {
                guard error.code == .timedOut else { throw error }
                return number
            }
        }
        return limit
    }

    /// A peer that does not read stops us at the mark, and loses nothing.
    @Test(arguments: [1, 20], Setting.all)
    func slowReceiverStopsUs(mark: Int, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let push = try PushSocket(
            options: .bounded {
                $0.sendHighWaterMark = mark
                $0.sendBufferBytes = 64 << 10
            })
        defer { push.close() }
        try peer.ask("open", "s", "PULL", "RCVHWM=1", "RCVBUF=65536")
        try setting.join(push, peer, "s", in: folder)
        try push.send(numbered(0, HighWaterMarkTests.messageBytes))
        peer.process.signal(SIGSTOP)
        let count = try fill(push, from: 1, limit: 1000)
        #expect(count >= mark && count <= mark + 40, "\(count) messages were taken")
        #expect(!(try push.events().contains(.canSend)))
        peer.process.signal(SIGCONT)
        #expect(try peer.ask("recvcounted", "s", "0", "\(count)", "5000") == ["\(count)", "right"])
        try eventually("room again") { try push.events().contains(.canSend) }
        try push.send(numbered(count, 8))
        #expect(try peer.ask("recvcounted", "s", "\(count)", "1", "5000") == ["1", "right"])
    }

    /// We do not read: their sender stops, and loses nothing.
    @Test(arguments: [1, 20], Setting.all)
    func weStopTheSender(mark: Int, setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pull = try PullSocket(
            options: .bounded {
                $0.receiveHighWaterMark = mark
                $0.receiveBufferBytes = 64 << 10
            })
        defer { pull.close() }
        try peer.ask("open", "s", "PUSH", "SNDHWM=1", "SNDBUF=65536")
        try setting.join(pull, peer, "s", in: folder)
        let words = try peer.ask("fill", "s", "\(HighWaterMarkTests.messageBytes)", "1000")
        let count = Int(words[0]) ?? 0
        #expect(count >= mark && count <= mark + 40, "\(count) messages were taken")
        for number in 0..<count { try #require(try pull.receiveNumber() == number) }
        try peer.ask("sendcounted", "s", "\(count)", "1", "8")
        #expect(try pull.receiveNumber() == count)
    }

    /// A publisher never waits: who does not read misses messages, whole ones.
    @Test(arguments: Setting.all)
    func publisherDropsForWhoDoesNotRead(setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pub = try PubSocket(
            options: .bounded {
                $0.sendHighWaterMark = 10
                $0.sendBufferBytes = 64 << 10
            })
        defer { pub.close() }
        try peer.ask("open", "s", "SUB", "RCVHWM=5", "RCVBUF=65536")
        try peer.ask("subscribe", "s", "=")
        try setting.join(pub, peer, "s", in: folder)
        try synchronize(pub, sendingTo: peer)
        peer.process.signal(SIGSTOP)
        let count = 400
        for number in 0..<count { try pub.send(numbered(number, HighWaterMarkTests.messageBytes)) }
        peer.process.signal(SIGCONT)
        let words = try peer.ask("recvrising", "s", "500")
        #expect(words.last == "rising")
        let received = try #require(Int(words[0]))
        #expect(received >= 10 && received < count / 2, "\(received) messages came")
        // And it goes on.
        try eventually("room again") {
            try pub.send(numbered(count, 8))
            return try peer.ask("recvcounted", "s", "\(count)", "1", "20") == ["1", "right"]
        }
    }

    // MARK: - LINGER

    /// Ten thousand messages and a close, with nobody there yet or with a peer that is reading.
    @Test(arguments: Setting.all, [8, 1000])
    func closedSenderDelivers(setting: Setting, bytes: Int) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        try peer.ask("open", "s", "PULL")
        let push = try PushSocket(options: .bounded { $0.lingerMilliseconds = -1 })
        try setting.join(push, peer, "s", in: folder)
        try peer.begin("recvcounted", "s", "0", "10000", "5000")
        for number in 0..<10_000 { try push.send(numbered(number, bytes)) }
        push.close()
        #expect(try peer.answer() == ["10000", "right"])
    }

    /// Everything is queued and the socket closed before anybody listens.
    @Test(arguments: Setting.Transport.allCases)
    func closedSenderWaitsForListener(transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let endpoint = try folder.freeEndpoint(transport)
        let push = try PushSocket(
            options: .bounded {
                $0.lingerMilliseconds = -1
                $0.sendHighWaterMark = 0
            })
        try push.connect(endpoint)
        for number in 0..<10_000 { try push.send(numbered(number, 16)) }
        push.close()
        usleep(50_000)
        try peer.ask("open", "s", "PULL")
        try peer.ask("bind", "s", endpoint)
        #expect(
            try peer.ask("recvcounted", "s", "0", "10000", "5000") == ["10000", "right"])
    }

    /// A process of ours sends, closes and exits.
    @Test(arguments: Setting.Transport.allCases, ["context", "return"])
    func exitedSenderDelivers(transport: Setting.Transport, end: String) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        try peer.ask("open", "s", "PULL")
        let endpoint = try peer.ask("bind", "s", folder.endpoint(transport))[0]
        let sender = try ChildProcess([
            try Checkout.program("MCTestPeer"), "send", endpoint, "count=10000", "linger=-1",
            "end=\(end)",
        ])
        #expect(
            try peer.ask("recvcounted", "s", "0", "10000", "5000") == ["10000", "right"])
        #expect(try sender.waitForExit() == 0)
    }

    /// With LINGER 0 nothing is waited for.
    @Test func lingerZeroDrops() throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let endpoint = try folder.freeEndpoint(.tcp)
        let push = try PushSocket(options: .bounded())
        try push.connect(endpoint)
        for number in 0..<100 { try push.send(numbered(number, 16)) }
        push.close()
        usleep(50_000)
        try peer.ask("open", "s", "PULL")
        try peer.ask("bind", "s", endpoint)
        #expect(try peer.ask("recv", "s", "300") == ["none"])
    }
}
