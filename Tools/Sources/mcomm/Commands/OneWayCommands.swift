import ArgumentParser
import MCFacade
import MCommSupport

/// What PUSH and PUB share: messages go out, none comes in.
struct SendingArguments: ParsableArguments {
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "What to send") var source: MessageSource

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Give up when nobody takes a message for so long, with status 3.", valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        if source.isEmpty {
            throw ValidationError("nothing to send: give messages, --part, --file or --stdin")
        }
    }

    func run(_ kind: SocketKind) throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: timeout)
            guard let socket = try SocketFactory.sender(kind, options) else { return }
            try connection.open(socket)
            try source.forEach { message throws in try socket.send(message) }
            socket.close()
            Context.shared.close()
        }
    }
}

struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send messages to PULL peers, in turn.",
        discussion: """
            Ends when the last message was taken over by the system; without a peer it waits, \
            unless --timeout or --linger says how long.

            EXAMPLES
              mcomm push --connect tcp://127.0.0.1:5555 one two three
              mcomm push --bind ipc:///run/jobs --part header --part body
              mcomm push --connect 127.0.0.1:5555 --file image.png --count 100 --interval 10
              ls | mcomm push --connect tcp://127.0.0.1:5555 --stdin
            """)
    @OptionGroup var arguments: SendingArguments

    func run() throws { try arguments.run(.push) }
}

struct Pub: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish messages to the SUB peers that subscribed to them.",
        discussion: """
            A message's first bytes are its topic. Subscribers get what is published while they \
            are connected, nothing earlier: --delay gives them time.

            EXAMPLES
              mcomm pub --bind tcp://*:5556 --delay 500 'weather sunny'
              mcomm pub --bind tcp://*:5556 --part weather --part sunny --count 0 --interval 1000
            """)
    @OptionGroup var arguments: SendingArguments

    func run() throws { try arguments.run(.pub) }
}

/// What PULL and SUB share: messages come in, none goes out.
struct ReceivingArguments: ParsableArguments {
    @OptionGroup(title: "Endpoints and socket options") var connection: ConnectionOptions
    @OptionGroup(title: "How much to receive") var limits: ReceiveLimits
    @OptionGroup(title: "Output") var output: OutputOptions

    func run(_ kind: SocketKind, subscriptions: [String] = []) throws {
        try reportingStatus {
            let options = connection.socketOptions(timeoutMilliseconds: limits.timeout)
            guard
                let socket = try SocketFactory.receiver(
                    kind, options, subscriptions: subscriptions)
            else { return }
            try connection.open(socket)
            try printAll(from: socket, limits: limits, format: output.format)
            socket.close()
        }
    }
}

/// Receives and prints until one of the limits is met.
func printAll(
    from socket: any ReceivingSocket, limits: ReceiveLimits, format: MessageFormat
) throws {
    var sink = MessageSink(format: format)
    do {
        try receiveAll(
            from: socket, limits: limits,
            handle: { message throws in try sink.add(message) }, idle: { try sink.flush() })
    } catch {
        try sink.flush()
        throw error
    }
}

struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the messages of PUSH peers.",
        discussion: """
            EXAMPLES
              mcomm pull --bind tcp://127.0.0.1:5555
              mcomm pull --connect ipc:///run/jobs --count 10 --timeout 5000 --format json
              mcomm pull --bind tcp://*:5555 --format raw --count 1 > image.png
            """)
    @OptionGroup var arguments: ReceivingArguments

    func run() throws { try arguments.run(.pull) }
}

struct Sub: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the messages of PUB peers whose first bytes are subscribed to.",
        discussion: """
            EXAMPLES
              mcomm sub --connect tcp://host:5556
              mcomm sub --connect tcp://host:5556 --subscribe weather --subscribe news
            """)
    @OptionGroup var arguments: ReceivingArguments

    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Receive what starts with this; may be repeated. Everything without it.",
            valueName: "prefix"))
    var subscribe: [String] = []

    func run() throws {
        try arguments.run(.sub, subscriptions: subscribe.isEmpty ? [""] : subscribe)
    }
}
