import ArgumentParser
import MCFacade
import MCommSupport

struct Req: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send requests to REP or ROUTER peers and print each reply.",
        discussion: """
            The next request is sent when the reply to the last has come.

            EXAMPLES
              mcomm req --connect tcp://127.0.0.1:5558 hello
              mcomm req --connect tcp://a:5558 --connect tcp://b:5558 --timeout 1000 status status
            """)
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "What to send") var source: MessageSource
    @OptionGroup(title: "Output") var output: OutputOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Give up a reply after so long, with status 3.", valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        if source.isEmpty {
            throw ValidationError("nothing to ask: give messages, --part, --file or --stdin")
        }
    }

    func run() throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: timeout)
            guard let socket = try SocketFactory.both(.req, options) else { return }
            try connection.open(socket)
            var sink = MessageSink(format: output.format)
            try source.forEach { message throws in
                try socket.send(message)
                try sink.add(try socket.receive())
                try sink.flush()
            }
            socket.close()
        }
    }
}

/// What is answered to a request.
struct ReplyOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Reply with this text; repeat for a reply of several frames.", valueName: "text"))
    var reply: [String] = []

    @Flag(help: "Reply with what was received.")
    var echo = false

    @Flag(help: "Print no requests.")
    var silent = false

    func validate() throws {
        if echo && !reply.isEmpty { throw ValidationError("--echo and --reply exclude each other") }
    }

    /// The reply to `request`, nil where none was asked for.
    func reply(to request: borrowing Message) -> Message? {
        if !reply.isEmpty { return Message(parts: reply) }
        return echo ? request.copy() : nil
    }
}

struct Rep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print requests and reply to each: an echo, unless --reply says what.",
        discussion: """
            EXAMPLES
              mcomm rep --bind tcp://127.0.0.1:5558 --reply 'all is well'
              mcomm rep --bind tcp://127.0.0.1:5558 --echo --silent
            """)
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "Replies") var replies: ReplyOptions
    @OptionGroup(title: "How much to receive") var limits: ReceiveLimits
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: limits.timeout)
            guard let socket = try SocketFactory.both(.rep, options) else { return }
            try connection.open(socket)
            var sink = MessageSink(format: output.format)
            try receiveAll(
                from: socket, limits: limits,
                handle: { request throws in
                    if !replies.silent {
                        try sink.add(request)
                        try sink.flush()
                    }
                    if let reply = replies.reply(to: request) {
                        try socket.send(reply)
                    } else {
                        try socket.send(request)
                    }
                })
            socket.close()
            Context.shared.close()
        }
    }
}
