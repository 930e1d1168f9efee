import ArgumentParser
import MCFacade
import MCommSupport

/// The numbers of the throughput tools.
struct ThroughputArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("Bytes of a message.", valueName: "message-size"))
    var size: Int

    @Argument(help: ArgumentHelp("Messages.", valueName: "message-count"))
    var count: Int

    func validate() throws {
        if size < 0 || count < 1 {
            throw ValidationError("the size cannot be negative, the count must be at least 1")
        }
    }
}

struct LocalThroughput: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local_thr",
        abstract: "Count what remote_thr sends and print the rate (PULL, binds).",
        discussion: """
            libzmq's local_thr or remote_thr can be at the other end.

            EXAMPLE
              mcomm local_thr tcp://127.0.0.1:5555 64 1000000 &
              mcomm remote_thr tcp://127.0.0.1:5555 64 1000000
            """)
    @Argument(help: ArgumentHelp("Endpoint to bind to.", valueName: "bind-to")) var endpoint: String
    @OptionGroup var numbers: ThroughputArguments

    func run() throws {
        try reportingStatus {
            let socket = try PullSocket()
            _ = try socket.bind(endpoint)
            let time = try drain(socket, size: numbers.size, count: numbers.count)
            PerfReport.throughputHeader(size: numbers.size, count: numbers.count)
                .forEach { StandardStreams.print($0) }
            PerfReport.throughput(size: numbers.size, count: numbers.count, nanoseconds: time)
                .forEach { StandardStreams.print($0) }
            socket.close()
        }
    }
}

struct RemoteThroughput: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remote_thr",
        abstract: "Send messages to local_thr as fast as it takes them (PUSH, connects).")
    @Argument(help: ArgumentHelp("Endpoint to connect to.", valueName: "connect-to"))
    var endpoint: String
    @OptionGroup var numbers: ThroughputArguments

    func run() throws {
        try reportingStatus {
            let socket = try PushSocket()
            try socket.connect(endpoint)
            try flood(socket, size: numbers.size, count: numbers.count)
            socket.close()
            Context.shared.close()
        }
    }
}

/// Sends `count` messages, each made for itself. As in libzmq's tools the payload is not filled.
@inline(never)
func flood(_ socket: PushSocket, size: Int, count: Int) throws {
    let small = [UInt8](repeating: 0, count: min(size, Frame.inlineCapacity))
    for _ in 0..<count {
        if size <= Frame.inlineCapacity {
            try unsafe socket.send(small.span.bytes)
        } else {
            try unsafe socket.send(Message(Frame(count: size) { _ in }))
        }
    }
}

/// The time from the first message to the last in nanoseconds.
@inline(never)
func drain(_ socket: PullSocket, size: Int, count: Int) throws -> UInt64 {
    try checkSize(try socket.receive(), size)
    let start = Clock.nanoseconds()
    for _ in 1..<count {
        try checkSize(try socket.receive(), size)
    }
    return Clock.nanoseconds() - start
}
