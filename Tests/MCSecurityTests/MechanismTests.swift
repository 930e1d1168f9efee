import MCCodec
import MCSecurity
import Testing

/// A mechanism of two steps, to prove the seam: HELLO, WELCOME, then READY from both.
private struct KnockMechanism: Mechanism {
    let isServer: Bool
    var local: LocalPeer?
    var name: String { "KNOCK" }

    mutating func start(
        local: LocalPeer, peer: Greeting, output: inout [UInt8]
    ) throws(SecurityError) {
        self.local = local
        if !isServer { try send(.unknown(name: "HELLO", data: [1]), to: &output) }
    }

    mutating func receive(
        _ command: Command, output: inout [UInt8]
    ) throws(SecurityError) -> MechanismProgress {
        switch command {
        case .unknown(name: "HELLO", data: [1]) where isServer:
            try send(.unknown(name: "WELCOME", data: []), to: &output)
            return .inProgress
        case .unknown(name: "WELCOME", data: []) where !isServer:
            try sendReady(to: &output)
            return .inProgress
        case .ready(let metadata):
            if isServer { try sendReady(to: &output) }
            return .ready(metadata)
        default:
            throw SecurityError(.protocolViolation, "who is there")
        }
    }

    private func sendReady(to output: inout [UInt8]) throws(SecurityError) {
        guard let local else { return }
        try send(.ready(local.properties()), to: &output)
    }

    private func send(_ command: Command, to output: inout [UInt8]) throws(SecurityError) {
        do { try command.encode(into: &output) } catch { throw SecurityError(error) }
    }
}

@Suite struct MechanismTests {
    @Test func `a mechanism of several steps fits the seam`() throws {
        var client = try Side(
            LocalPeer(socketType: "REQ"), mechanism: KnockMechanism(isServer: false))
        var server = try Side(
            LocalPeer(socketType: "REP", asServer: true),
            mechanism: KnockMechanism(isServer: true))
        #expect(server.output[32] == 1 && client.output[32] == 0)
        for _ in 0..<4 {
            client.receive(server.takeOutput()) { 1 }
            server.receive(client.takeOutput()) { 3 }
        }
        #expect(client.peer?.socketType == "REP" && server.peer?.socketType == "REQ")
    }

    @Test func `a mechanism without a proper name cannot begin`() throws {
        struct Nameless: Mechanism {
            var name: String { "" }
            mutating func start(
                local: LocalPeer, peer: Greeting, output: inout [UInt8]
            ) throws(SecurityError) {}
            mutating func receive(
                _ command: Command, output: inout [UInt8]
            ) throws(SecurityError) -> MechanismProgress { .inProgress }
        }
        let local = try LocalPeer(socketType: "REQ")
        do {
            _ = try Handshake(local: local, mechanism: Nameless()).start()
            Issue.record("it began")
        } catch {
            #expect(error.code == .invalidLocalPeer)
        }
    }
}
