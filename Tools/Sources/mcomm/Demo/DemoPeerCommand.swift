import ArgumentParser
import Glibc
import MCFacade
import MCommSupport

/// A child process of the demo. Its standard input brings lines "PEER COMMAND", its standard output
/// carries events as JSON lines.
struct DemoPeer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-peer", abstract: "One process of the demo.", shouldDisplay: false)

    @Argument var job: String

    func run() throws {
        StandardStreams.ignoreBrokenPipes()
        let job = try DemoLine.decode(job, as: DemoJob.self)
        let data = try DemoData(paths: job.files, split: job.split)
        let mailboxes = job.peers.map { DemoMailbox(name: $0.name) }
        Self.listen(mailboxes)
        let threads = zip(job.peers, mailboxes).map { peer, mailbox in
            WorkerThread {
                do {
                    if peer.sends {
                        try DemoSender(peer: peer, job: job, data: data, mailbox: mailbox).run()
                    } else {
                        try DemoReceiver(peer: peer, mailbox: mailbox).run()
                    }
                } catch {
                    try mailbox.say(.failed) { $0.message = String(describing: error) }
                }
            }
        }
        for thread in threads { try thread.join() }
        Context.shared.close()
    }

    /// Hands the parent's lines out. Without a parent there is nothing left to do.
    private static func listen(_ mailboxes: [DemoMailbox]) {
        _ = WorkerThread {
            var reader = LineReader()
            while let line = reader.next() {
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                guard words.count == 2,
                    let command = DemoMailbox.Command(rawValue: String(words[1]))
                else { continue }
                for mailbox in mailboxes where mailbox.name == words[0] { mailbox.put(command) }
            }
            Glibc.exit(ExitStatus.failure.rawValue)
        }
    }
}

extension DemoJob.Peer {
    /// Without limits on queues: a publisher must not drop what a subscriber is slow to take.
    var options: SocketOptions {
        var options = SocketOptions()
        if kind == .pub || kind == .sub {
            options.sendHighWaterMark = 0
            options.receiveHighWaterMark = 0
        }
        return options
    }

    /// Binds or connects, and tells the parent where it is bound.
    func open(_ socket: Socket, _ mailbox: DemoMailbox) throws {
        if let bind {
            let real = try socket.bind(bind)
            try mailbox.say(.bound) { $0.endpoint = real }
        }
        if let connect { try socket.connect(connect) }
    }
}
