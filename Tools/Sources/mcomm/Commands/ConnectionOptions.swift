import ArgumentParser
import MCFacade
import MCommSupport

/// Where a socket meets its peers, and how it behaves: the same for every subcommand.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Bind to an endpoint; may be repeated. The real endpoint is printed on standard error.",
            valueName: "endpoint"))
    var bind: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Connect to an endpoint; may be repeated.", valueName: "endpoint"))
    var connect: [String] = []

    @Option(help: ArgumentHelp("Messages queued for sending, 0 for no limit.", valueName: "n"))
    var sndhwm = 1000

    @Option(help: ArgumentHelp("Messages queued when received, 0 for no limit.", valueName: "n"))
    var rcvhwm = 1000

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long unsent messages are kept at the end, -1 for ever.", valueName: "ms"))
    var linger = -1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Pause before a lost connection is tried again.", valueName: "ms"))
    var reconnectIvl = 100

    @Option(help: ArgumentHelp("Upper bound of that pause as it doubles.", valueName: "ms"))
    var reconnectIvlMax = 0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Kernel's send buffer, -1 for the default.", valueName: "bytes"))
    var sndbuf = -1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Kernel's receive buffer, -1 for the default.", valueName: "bytes"))
    var rcvbuf = -1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Refuse larger frames, -1 for any size.", valueName: "bytes"))
    var maxmsgsize = -1

    @Option(help: ArgumentHelp("Ping a silent peer this often, 0 never.", valueName: "ms"))
    var heartbeatIvl = 0

    @Option(
        help: ArgumentHelp("The routing id that a ROUTER sees for this socket.", valueName: "text"))
    var routingID: String?

    @Flag(help: "Print nothing on standard error but errors.")
    var quiet = false

    func validate() throws {
        if bind.isEmpty && connect.isEmpty {
            throw ValidationError("give at least one --bind or --connect endpoint")
        }
    }

    /// The socket's options; `timeout` bounds every wait in sending and receiving, and the wait for
    /// unsent messages at the end.
    func socketOptions(timeoutMilliseconds: Int? = nil) -> SocketOptions {
        var options = SocketOptions()
        options.sendHighWaterMark = sndhwm
        options.receiveHighWaterMark = rcvhwm
        options.lingerMilliseconds = linger
        options.reconnectIntervalMilliseconds = reconnectIvl
        options.reconnectIntervalMaxMilliseconds = reconnectIvlMax
        options.sendBufferBytes = sndbuf
        options.receiveBufferBytes = rcvbuf
        options.maximumMessageBytes = maxmsgsize
        options.heartbeatIntervalMilliseconds = heartbeatIvl
        if let routingID { options.routingID = Array(routingID.utf8) }
        if let timeoutMilliseconds {
            options.sendTimeoutMilliseconds = timeoutMilliseconds
            options.receiveTimeoutMilliseconds = timeoutMilliseconds
            if linger < 0 { options.lingerMilliseconds = timeoutMilliseconds }
        }
        return options
    }

    /// Binds and connects, and says on standard error what was bound.
    func open(_ socket: Socket) throws {
        for endpoint in bind {
            let real = try socket.bind(endpoint)
            if !quiet { StandardStreams.note("mcomm: bound \(real)") }
        }
        for endpoint in connect { try socket.connect(endpoint) }
    }
}
