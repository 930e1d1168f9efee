import ArgumentParser
import MCCodec
import MCFacade
import MCommSupport

struct TensorsReceive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Receive tensors, check them, and write them to files.",
        discussion: """
            A file is named for its tensor: .npy where NumPy knows the element type, else \
            .safetensors. It appears when it is complete, and is read back and compared; an older \
            one of the same name is replaced.
            """)

    @Option(
        name: [.customShort("p"), .long],
        help: "The socket: pull, sub, req, rep, pair, dealer or router.")
    var pattern = SocketKind.pull

    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "How much to receive") var limits: ReceiveLimits

    @Option(name: .shortAndLong, help: ArgumentHelp("Write files here.", valueName: "folder"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            """
            Compare with the tensors of this file, by name; may be repeated. Status 2 if any \
            differs or is missing.
            """, valueName: "file"))
    var expect: [String] = []

    @Flag(help: "The expected files were sent with --split.") var split = false

    @Flag(help: "A DEALER asks for each tensor, as a ROUTER sender wants.") var ask = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("For sub: names to receive; may be repeated.", valueName: "prefix"))
    var subscribe: [String] = []

    func validate() throws {
        if !pattern.receives {
            throw ValidationError("a \(pattern.rawValue) socket cannot receive")
        }
        if ask && pattern != .dealer { throw ValidationError("--ask is for dealer") }
    }

    func run() throws {
        try reportingStatus {
            var store = try TensorStore(
                folder: out, expected: TensorSource(paths: expect, split: split))
            let options = connection.socketOptions(timeoutMilliseconds: limits.timeout)
            let prefixes = subscribe.isEmpty ? [""] : subscribe
            guard
                let socket = try SocketFactory.receiver(pattern, options, subscriptions: prefixes)
            else { return }
            try connection.open(socket)
            do {
                try receiveAll(
                    from: socket, limits: limits,
                    ask: { if ask || pattern == .req { try Self.put("next", to: socket) } },
                    handle: { message throws in
                        let line = try handle(message, from: socket, into: &store)
                        StandardStreams.print(line)
                    })
            } catch is EndOfTensors {
                if let count = limits.count {
                    throw Mismatch("the sender ended after \(store.count) of \(count) tensors")
                }
            }
            socket.close()
            Context.shared.close()
            try store.finish()
        }
    }

    /// The sender has no more.
    private struct EndOfTensors: Error {}

    private func handle(
        _ message: consuming Message, from socket: any ReceivingSocket,
        into store: inout TensorStore
    ) throws -> String {
        var envelope = Message()
        if pattern == .router {
            envelope = Message(message.removeFirst() ?? Frame())
            // A REQ peer has put an empty frame behind its routing id, and waits for an answer.
            if message.count > 1, message.withFrame(0, { $0.isEmpty }) {
                envelope.append(message.removeFirst() ?? Frame())
            }
        }
        if message.count == 1, message.withFrame(0, { $0.isEmpty }) { throw EndOfTensors() }
        let line = try store.add(TensorMessage.decode(message))
        if pattern == .rep {
            try Self.put("ok", to: socket)
        } else if envelope.count == 2, let both = socket as? any SendingSocket {
            envelope.append(Frame("ok"))
            try both.send(envelope)
        }
        return line
    }

    private static func put(_ text: String, to socket: any ReceivingSocket) throws {
        if let both = socket as? any SendingSocket { try both.send(text) }
    }
}
