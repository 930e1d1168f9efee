import Glibc
import MCTestSupport
import Testing

/// A served socket of some type with one good connection, which goes on exchanging messages
/// whatever else happens.
final class Good {
    let type: String
    let peer: Peer
    let port: UInt16
    /// What the served process held at the beginning.
    let start: Stats
    /// Messages exchanged so far.
    private(set) var exchanged = 0
    private let connection: RawSocket

    init(serving type: String, _ options: String...) throws {
        self.type = type
        let option = options.first ?? "linger=0"
        peer = try Peer("serve", type, "tcp://127.0.0.1:*", option)
        port = try StressTests.port(of: try peer.expect("bound"))
        connection = try RawSocket.connect(port)
        try connection.handshake(as: Wire.partner(of: type))
        if type == "PUB" || type == "XPUB" { try connection.send(Wire.command("SUBSCRIBE")) }
        start = try peer.stats()
        try exchange(during: "nothing")
    }

    /// Exchanges a few messages.
    func exchange(during what: String, times: Int = 3) throws {
        do {
            for _ in 0..<times { try exchangeOnce() }
        } catch {
            throw Failure("the good connection of \(type) suffers during \(what): \(error)")
        }
    }

    private func exchangeOnce() throws {
        exchanged += 1
        let body = Wire.bigEndian(UInt64(exchanged), bytes: 8)
        switch type {
        case "PULL", "SUB", "XSUB", "DEALER":
            // What DEALER echoes goes to its peers in turn, attackers included: it is counted.
            try connection.send(Wire.frame(body))
            let messages = exchanged
            let stats = try peer.stats(within: 5) { $0.messages >= messages }
            guard stats.messages >= messages else { throw Failure("nothing arrives: \(stats)") }
        case "PUSH", "PUB", "XPUB":
            guard try connection.message()[0].count == 64 else { throw Failure("a bad message") }
        case "REQ":
            let question = try connection.message()
            try connection.send(Wire.message(question))
        case "REP":
            try connection.send(Wire.message([[], body]))
            guard try connection.message() == [[], body] else { throw Failure("a bad reply") }
        default:
            try connection.send(Wire.frame(body))
            guard try connection.message() == [body] else { throw Failure("a bad reply") }
        }
    }
}
