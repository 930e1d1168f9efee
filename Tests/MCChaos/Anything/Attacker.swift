import Glibc
import MCTestSupport

/// Peers that speak no ZMTP, or not for long.
enum Attacker {
    private static let types = [
        "PUSH", "PULL", "PUB", "SUB", "REQ", "REP", "PAIR", "DEALER", "ROUTER", "XPUB", "XSUB",
        "CLIENT", "SERVER", "RADIO", "DISH", "PEER", "nobody",
    ]

    /// Connects somewhere, says something, and goes in one way or another.
    static func attack(_ places: Places, _ chance: inout Chance) {
        guard let socket = try? RawSocket.connect(chance.one(of: places.tcpPorts)) else { return }
        socket.setTimeout(seconds: 0.02)
        switch chance.number(0...5) {
        case 0: _ = socket.trySend(rubbish(&chance))
        case 1: _ = socket.trySend(Array(Wire.greeting().prefix(chance.number(0...64))))
        case 2:
            let attack = chance.one(of: Attack.all)
            _ = socket.trySend(Wire.greeting() + attack.bytes(chance.one(of: types)))
        default:
            let hello = Wire.greeting() + Wire.ready(chance.one(of: types))
            _ = socket.trySend(hello)
            for _ in 0..<chance.number(0...20) { _ = socket.trySend(traffic(&chance)) }
        }
        if chance.chance(oneIn: 3) { _ = try? socket.some(4096) }
        switch chance.number(0...2) {
        case 0: socket.reset()
        case 1: socket.shutdownWrite()
        default: break
        }
        socket.close()
    }

    private static func rubbish(_ chance: inout Chance) -> [UInt8] {
        (0..<chance.number(0...300)).map { _ in UInt8(chance.number(0...255)) }
    }

    /// What an established peer may say, and what it may not.
    private static func traffic(_ chance: inout Chance) -> [UInt8] {
        switch chance.number(0...9) {
        case 0: rubbish(&chance)
        case 1: Wire.command("SUBSCRIBE", Array(chance.one("", "a", "M").utf8))
        case 2: Wire.command("CANCEL", Array(chance.one("", "a", "M").utf8))
        case 3: Wire.command("PING", [0, UInt8(chance.number(0...255)), 1, 2])
        case 4: Wire.command("JOIN", Array(chance.one("a", "b").utf8))
        case 5: Wire.header(UInt64(chance.one(1 << 20, 1 << 40, 255)), flags: 0)
        case 6:
            Wire.message((0..<chance.number(1...5)).map { _ in Scrap.make(chance.size(), &chance) })
        default: Wire.frame(Scrap.make(chance.number(0...200), &chance))
        }
    }
}

/// A program that listens where sockets connect, and answers with rubbish.
final class Rubbish: Sendable {
    private let listener: RawSocket

    init(port: UInt16) throws {
        let listener = try RawSocket.listen(port: port)
        self.listener = listener
        startThread {
            var chance = Chance(seed: 1)
            while let client = try? listener.accept() {
                client.setTimeout(seconds: 0.02)
                if chance.chance(oneIn: 2) { _ = client.trySend(Wire.greeting()) }
                let count = chance.number(0...100)
                _ = client.trySend((0..<count).map { _ in UInt8(chance.number(0...255)) })
                if chance.chance(oneIn: 2) { client.reset() }
                client.close()
            }
        }
    }
}
