import ArgumentParser
import MCFacade
import MCommSupport

/// The numbers of the latency tools.
struct LatencyArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("Bytes of a message.", valueName: "message-size"))
    var size: Int

    @Argument(help: ArgumentHelp("Round trips.", valueName: "roundtrip-count"))
    var roundtrips: Int

    func validate() throws {
        if size < 0 || roundtrips < 1 {
            throw ValidationError("the size cannot be negative, the count must be at least 1")
        }
    }
}

struct LocalLatency: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local_lat",
        abstract: "Send back what remote_lat sends (REP, binds).",
        discussion: """
            libzmq's local_lat or remote_lat can be at the other end.

            EXAMPLE
              mcomm local_lat tcp://127.0.0.1:5555 64 10000 &
              mcomm remote_lat tcp://127.0.0.1:5555 64 10000
            """)
    @Argument(help: ArgumentHelp("Endpoint to bind to.", valueName: "bind-to")) var endpoint: String
    @OptionGroup var numbers: LatencyArguments

    func run() throws {
        try reportingStatus {
            let socket = try RepSocket()
            _ = try socket.bind(endpoint)
            try echo(socket, size: numbers.size, roundtrips: numbers.roundtrips)
            socket.close()
            Context.shared.close()
        }
    }
}

struct RemoteLatency: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote_lat",
        abstract: "Measure round trips to local_lat and print the mean of one way (REQ, connects).")
    @Argument(help: ArgumentHelp("Endpoint to connect to.", valueName: "connect-to"))
    var endpoint: String
    @OptionGroup var numbers: LatencyArguments

    func run() throws {
        try reportingStatus {
            let socket = try ReqSocket()
            try socket.connect(endpoint)
            let time = try ask(socket, size: numbers.size, roundtrips: numbers.roundtrips)
            PerfReport.latencyHeader(size: numbers.size, roundtrips: numbers.roundtrips)
                .forEach { StandardStreams.print($0) }
            StandardStreams.print(
                PerfReport.latency(nanoseconds: time, roundtrips: numbers.roundtrips))
            socket.close()
            Context.shared.close()
        }
    }
}

/// Sends every message back.
@inline(never)
func echo(_ socket: RepSocket, size: Int, roundtrips: Int) throws {
    for _ in 0..<roundtrips {
        let message = try socket.receive()
        try checkSize(message, size)
        try socket.send(message)
    }
}

/// The time of all round trips in nanoseconds. The message that comes back is sent again.
@inline(never)
func ask(_ socket: ReqSocket, size: Int, roundtrips: Int) throws -> UInt64 {
    var message = Message([UInt8](repeating: 0, count: size))
    let start = Clock.nanoseconds()
    for _ in 0..<roundtrips {
        try socket.send(message)
        message = try socket.receive()
        try checkSize(message, size)
    }
    return Clock.nanoseconds() - start
}

/// As libzmq's tools do: a message of another size ends the measurement.
@inline(__always)
func checkSize(_ message: borrowing Message, _ size: Int) throws {
    guard message.count == 1, message.withFrame(0, { $0.count }) == size else {
        throw Mismatch("message of incorrect size received")
    }
}
