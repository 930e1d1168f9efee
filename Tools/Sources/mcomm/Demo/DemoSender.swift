import MCCodec
import MCFacade
import MCommSupport

/// The sending peer: hellos until the parent has heard of every receiver, then all tensors at full
/// speed, then all once more at a steady pace. A REQ compares every reply, which is an echo.
struct DemoSender {
    let peer: DemoJob.Peer
    let job: DemoJob
    let data: DemoData
    let mailbox: DemoMailbox

    func run() throws {
        guard let socket = try SocketFactory.sender(peer.kind, peer.options) else { return }
        try peer.open(socket, mailbox)
        var echoes = DemoEchoes()
        var firstSent: UInt64?
        var command = try greet(socket)
        while command != .stop {
            let kind: DemoStamp.Kind = command == .stream ? .streamed : .paced
            if kind == .streamed { firstSent = Clock.nanoseconds() }
            try sendAll(kind, over: socket, &echoes)
            try mailbox.say(.sent) {
                $0.count = data.source.items.count * (kind == .streamed ? job.rounds : 1)
            }
            command = mailbox.wait()
        }
        try mailbox.say(.report) {
            $0.nanoseconds = firstSent
            $0.unreadable = echoes.differences
            $0.latencies = peer.kind == .req ? echoes.latencies : nil
        }
        socket.close()
    }

    /// Says hello until the parent says that everybody has heard it.
    private func greet(_ socket: any SendingSocket) throws -> DemoMailbox.Command {
        while true {
            if let command = mailbox.take() { return command }
            let stamp = DemoStamp(kind: .hello, index: 0, nanoseconds: 0)
            try socket.send(Message(stamp.frame()))
            if peer.kind == .req, let requester = socket as? any ReceivingSocket {
                _ = try requester.receive()
            }
            Clock.sleep(milliseconds: 2)
        }
    }

    private func sendAll(
        _ kind: DemoStamp.Kind, over socket: any SendingSocket, _ echoes: inout DemoEchoes
    ) throws {
        let requester = peer.kind == .req ? socket as? any ReceivingSocket : nil
        let last = data.source.items.count / 2
        var due = Clock.nanoseconds()
        for round in 0..<(kind == .streamed ? job.rounds : 1) {
            for index in data.source.items.indices {
                if kind == .paced {
                    due += job.paceNanoseconds
                    Clock.sleep(until: due)
                }
                let isFaulty = job.corrupt && kind == .streamed && round == 0 && index == last
                let message = data.message(index, kind: kind, corrupted: isFaulty)
                let start = Clock.nanoseconds()
                try socket.send(message)
                guard let requester else { continue }
                let reply = try requester.receive()
                let time = Clock.nanoseconds() - start
                echoes.add(
                    reply, expected: data.fingerprints[index], index: index,
                    oneWayNanoseconds: kind == .paced ? time / 2 : nil)
            }
        }
    }
}

/// What a REQ sees of the replies, each of which must be what was asked.
struct DemoEchoes {
    private(set) var differences: [String] = []
    private(set) var latencies: [UInt64] = []

    mutating func add(
        _ reply: consuming Message, expected: DemoFingerprint, index: Int,
        oneWayNanoseconds: UInt64?
    ) {
        if let oneWayNanoseconds { latencies.append(oneWayNanoseconds) }
        switch DemoArrival(reply) {
        case .tensor(let stamp, let found) where stamp.index == index && found == expected: break
        case .tensor(_, let found):
            differences.append("echo of tensor \(index): \(found), expected \(expected)")
        case .hello: differences.append("echo of tensor \(index): a hello")
        case .unreadable(let reason): differences.append("echo of tensor \(index): \(reason)")
        }
    }
}
