import ArgumentParser
import MCFacade
import MCommSupport

/// What PAIR and DEALER share: first everything goes out, then messages come in.
struct TwoWayArguments: ParsableArguments {
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "What to send") var source: MessageSource
    @OptionGroup(title: "Output") var output: OutputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Then receive so many messages: without end if there is nothing to send, else none.",
            valueName: "n"))
    var receive: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Give up waiting after so long, with status 3.", valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        if let receive, receive < 0 { throw ValidationError("--receive cannot be negative") }
    }

    func run(_ kind: SocketKind) throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: timeout)
            guard let socket = try SocketFactory.both(kind, options) else { return }
            try connection.open(socket)
            try source.forEach { message throws in try socket.send(message) }
            if receive ?? (source.isEmpty ? 1 : 0) > 0 {
                var limits = ReceiveLimits()
                limits.count = receive
                limits.timeout = timeout
                try printAll(from: socket, limits: limits, format: output.format)
            }
            socket.close()
            Context.shared.close()
        }
    }
}

struct Pair: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to exactly one PAIR peer, both ways.",
        discussion: """
            EXAMPLES
              mcomm pair --bind tcp://127.0.0.1:5559
              mcomm pair --connect tcp://127.0.0.1:5559 ping --receive 1 --timeout 1000
            """)
    @OptionGroup var arguments: TwoWayArguments

    func run() throws { try arguments.run(.pair) }
}

struct Dealer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send to REP, DEALER or ROUTER peers in turn, and print what comes back.",
        discussion: """
            A REP peer wants an empty frame in front: --part '' --part request.

            EXAMPLES
              mcomm dealer --connect tcp://127.0.0.1:5560 --routing-id me hello --receive 1
              mcomm dealer --connect tcp://127.0.0.1:5558 --part '' --part hello --receive 1
            """)
    @OptionGroup var arguments: TwoWayArguments

    func run() throws { try arguments.run(.dealer) }
}

struct Router: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print messages with their sender's routing id in front, and reply to it.",
        discussion: """
            With --echo or --reply every message is answered; the reply goes back to its sender, \
            with the empty frame that a REQ peer wants if the request had one.

            EXAMPLES
              mcomm router --bind tcp://127.0.0.1:5560 --format multipart
              mcomm router --bind tcp://127.0.0.1:5560 --reply 'well received' --count 3
            """)
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "Replies") var replies: ReplyOptions
    @OptionGroup(title: "How much to receive") var limits: ReceiveLimits
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: limits.timeout)
            guard let socket = try SocketFactory.both(.router, options) else { return }
            try connection.open(socket)
            var sink = MessageSink(format: output.format)
            try receiveAll(
                from: socket, limits: limits,
                handle: { message throws in
                    if !replies.silent {
                        try sink.add(message)
                        try sink.flush()
                    }
                    if let reply = addressed(to: message) { try socket.send(reply) }
                })
            socket.close()
            Context.shared.close()
        }
    }

    /// The reply behind the envelope of `message`: its routing id, and the empty frame of a REQ.
    private func addressed(to message: borrowing Message) -> Message? {
        if replies.echo { return message.copy() }
        guard !replies.reply.isEmpty else { return nil }
        var reply = Message(message.withFrame(0) { $0.copy() })
        if message.count > 2, message.withFrame(1, { $0.isEmpty }) { reply.append(Frame()) }
        for part in replies.reply { reply.append(Frame(part)) }
        return reply
    }
}
