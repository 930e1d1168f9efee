import MCTestSupport

/// The endpoints of a run: some are bound now and then, by ours and by libzmq's sockets, some never are.
struct Places: Sendable {
    let streams: [String]
    let inproc: [String]
    let datagrams: [String]
    /// Nobody listens there.
    let dead: [String]
    /// A program listens there that speaks no ZMTP.
    let rubbish: UInt16
    let tcpPorts: [UInt16]
    /// No endpoints at all.
    private static let wrong = [
        "", "tcp://", "tcp://127.0.0.1:99999", "tcp://999.1.1.1:1", "ipc://", "inproc://",
        "udp://x",
        "nothing", "tcp://127.0.0.1:*:*", "ws://127.0.0.1:80", "tcp://nobody.invalid:5",
        "ipc:///nowhere/at/all", "\u{ff}\u{fe}",
    ]

    init(folder: String, ports: Ports) throws {
        var ports = try (0..<8).map { _ in UInt16(try ports.next()) }
        rubbish = ports.removeLast()
        dead = ["tcp://127.0.0.1:\(ports.removeLast())", "ipc://\(folder)/nobody"]
        datagrams = ports.suffix(2).map { "udp://127.0.0.1:\($0)" }
        tcpPorts = Array(ports.prefix(4))
        streams =
            tcpPorts.map { "tcp://127.0.0.1:\($0)" }
            + ["ipc://\(folder)/a", "ipc://\(folder)/b", "ipc://@\(folder)/c"]
        inproc = ["inproc://a", "inproc://b", "inproc://c", "inproc://d"]
    }

    /// Somewhere to bind.
    func toBind(_ chance: inout Chance, isDatagram: Bool = false) -> String {
        if isDatagram { return chance.one(of: datagrams) }
        return switch chance.number(0...19) {
        case 0: chance.one(of: Places.wrong)
        case 1: "tcp://*:*"
        case 2: "tcp://lo:*"
        case 3...6: "tcp://127.0.0.1:*"
        case 7...10: chance.one(of: inproc)
        default: chance.one(of: streams)
        }
    }

    /// Somewhere to connect.
    func toConnect(_ chance: inout Chance, isDatagram: Bool = false) -> String {
        if isDatagram, chance.chance(oneIn: 2) { return chance.one(of: datagrams) }
        return switch chance.number(0...19) {
        case 0: chance.one(of: Places.wrong)
        case 1: chance.one(of: dead)
        case 2: "tcp://127.0.0.1:\(rubbish)"
        case 3: "tcp://localhost:\(chance.one(of: tcpPorts))"
        case 4: "tcp://127.0.0.1:0;127.0.0.1:\(chance.one(of: tcpPorts))"
        case 5...8: chance.one(of: inproc)
        default: chance.one(of: streams)
        }
    }
}
