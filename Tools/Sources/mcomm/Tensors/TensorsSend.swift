import ArgumentParser
import MCCodec
import MCFacade
import MCTensorFiles
import MCommSupport

struct TensorsSend: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send the tensors of .npy and .safetensors files.")

    @Argument(help: "Files to send, in this order.") var files: [String]

    @Option(
        name: [.customShort("p"), .long],
        help: "The socket: push, pub, req, rep, pair, dealer or router.")
    var pattern = SocketKind.push

    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions

    @Flag(help: "Send each element along the first dimension as a tensor of its own.")
    var split = false

    @Flag(help: "Send header and payload only: what pyzmq's array recipe expects in number.")
    var bare = false

    @Flag(inversion: .prefixedNo, help: "Send a CRC-32C of each payload.")
    var checksum = true

    @Option(
        help: ArgumentHelp(
            "Wait before the first tensor, for peers to connect and subscribe.", valueName: "ms"))
    var delay = 0

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Give up when nobody takes a tensor for so long, with status 3.", valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        if !pattern.sends { throw ValidationError("a \(pattern.rawValue) socket cannot send") }
    }

    func run() throws {
        try reportingStatus {
            let source = try TensorSource(paths: files, split: split)
            let options = connection.socketOptions(timeoutMilliseconds: timeout)
            guard let socket = try SocketFactory.sender(pattern, options) else { return }
            try connection.open(socket)
            Clock.sleep(milliseconds: delay)
            var progress = ProgressBar(totalBytes: source.totalBytes)
            var sentBytes = 0
            for item in source.items {
                let message = TensorMessage(
                    name: bare ? nil : item.stored.name,
                    header: TensorHeader(
                        item.descriptor, checksum: checksum ? item.checksum() : nil),
                    payload: item.payload())
                try deliver(message.encoded(), to: socket)
                sentBytes += item.descriptor.byteCount
                progress.update(sentBytes)
            }
            try sayEnd(to: socket)
            socket.close()
            Context.shared.close()
            progress.finish()
            if !connection.quiet {
                StandardStreams.note(
                    "mcomm: sent \(source.items.count) tensors, \(ByteCount.text(sentBytes))")
            }
        }
    }

    /// Sends under the pattern's rules: a REQ waits for the answer, REP and ROUTER for being asked.
    private func deliver(_ message: consuming Message, to socket: any SendingSocket) throws {
        guard let both = socket as? any SendingSocket & ReceivingSocket else {
            return try socket.send(message)
        }
        switch pattern {
        case .req:
            try both.send(message)
            _ = try both.receive()
        case .rep:
            _ = try both.receive()
            try both.send(message)
        case .router:
            message.prepend(try Self.asker(of: both.receive()))
            try both.send(message)
        default:
            try both.send(message)
        }
    }

    /// Answers one more question, if it comes, with an empty frame: there are no more tensors.
    private func sayEnd(to socket: any SendingSocket) throws {
        guard pattern == .rep || pattern == .router,
            let both = socket as? any SendingSocket & ReceivingSocket
        else { return }
        let deadline = Clock.nanoseconds() + 500_000_000
        while Clock.nanoseconds() < deadline {
            guard let question = try both.tryReceive() else {
                Clock.sleep(milliseconds: 5)
                continue
            }
            var answer = Message(Frame())
            if pattern == .router { answer.prepend(try Self.asker(of: question)) }
            return try both.send(answer)
        }
    }

    private static func asker(of question: consuming Message) throws -> Frame {
        guard let identity = question.removeFirst() else {
            throw Mismatch("a question without a routing id")
        }
        return identity
    }
}
