/// One line of the demo: a pattern over a transport.
struct DemoScenario: Sendable {
    enum Transport: String, CaseIterable, Sendable {
        case tcp, ipc, inproc
    }

    var pattern: String
    var transport: Transport
    var sender: SocketKind
    var receiver: SocketKind
    var receiverCount: Int
    /// Every receiver gets every tensor; else each tensor goes to one of them.
    var toAll: Bool
    var senderBinds: Bool

    /// Every pattern over every transport.
    static let all: [DemoScenario] = Transport.allCases.flatMap { transport in
        [
            DemoScenario(
                pattern: "REQ/REP", transport: transport, sender: .req, receiver: .rep,
                receiverCount: 1, toAll: true, senderBinds: false),
            DemoScenario(
                pattern: "PUB/SUB", transport: transport, sender: .pub, receiver: .sub,
                receiverCount: 2, toAll: true, senderBinds: true),
            DemoScenario(
                pattern: "PUSH/PULL", transport: transport, sender: .push, receiver: .pull,
                receiverCount: 3, toAll: false, senderBinds: true),
            DemoScenario(
                pattern: "PAIR", transport: transport, sender: .pair, receiver: .pair,
                receiverCount: 1, toAll: true, senderBinds: false),
        ]
    }

    /// How often each tensor arrives, over all receivers, for each time that it is sent.
    var copies: Int { toAll ? receiverCount : 1 }

    /// "PUSH/PULL x3".
    var title: String { receiverCount == 1 ? pattern : "\(pattern) x\(receiverCount)" }

    /// The peers, the one that binds first.
    func peers(folder: String) -> [DemoJob.Peer] {
        let endpoint =
            switch transport {
            case .tcp: "tcp://127.0.0.1:*"
            case .ipc: "ipc://\(folder)/\(sender.rawValue)"
            case .inproc: "inproc://demo-\(sender.rawValue)"
            }
        func peer(_ name: String, _ kind: SocketKind, sends: Bool) -> DemoJob.Peer {
            let binds = sends == senderBinds
            return DemoJob.Peer(
                name: name, kind: kind, sends: sends, bind: binds ? endpoint : nil,
                connect: binds ? nil : endpoint)
        }
        let sending = [peer("sender", sender, sends: true)]
        let receiving = (1...receiverCount).map {
            peer("receiver-\($0)", receiver, sends: false)
        }
        return senderBinds ? sending + receiving : receiving + sending
    }
}
