import ArgumentParser
import MCFacade
import MCommSupport

/// How long a receiving subcommand receives.
struct ReceiveLimits: ParsableArguments {
    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("End after this many messages.", valueName: "n"))
    var count: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            """
            End when nothing arrived for so long: status 3 if --count messages were not reached, \
            or none came at all.
            """, valueName: "ms"))
    var timeout: Int?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1") }
        if let timeout, timeout < 0 { throw ValidationError("--timeout cannot be negative") }
    }
}

/// Receives until one of the limits is met; `ask` runs before each message, `handle` gets it,
/// `idle` is called when no further one is there yet.
func receiveAll(
    from socket: any ReceivingSocket, limits: ReceiveLimits, ask: () throws -> Void = {},
    handle: (consuming Message) throws -> Void, idle: () throws -> Void = {}
) throws {
    var received = 0
    while limits.count.map({ received < $0 }) ?? true {
        try ask()
        if let message = try socket.tryReceive() {
            try handle(message)
        } else {
            try idle()
            guard let message = try receiveInTime(socket) else {
                if limits.count == nil, received > 0 { return }
                throw TimedOut(
                    "timed out with \(received) message\(received == 1 ? "" : "s") received")
            }
            try handle(message)
        }
        received += 1
    }
    try idle()
}

/// The next message; nil when the socket's RCVTIMEO ran out.
func receiveInTime(_ socket: any ReceivingSocket) throws(SocketError) -> Message? {
    do throws(SocketError) {
        return try socket.receive()
    } catch {
        if error.code == .timedOut { return nil }
        throw error
    }
}

/// The time ran out; ends the tool with status 3.
struct TimedOut: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Something arrived that was not expected; ends the tool with status 2.
struct Mismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Runs a subcommand's work and turns its errors into the documented exit statuses.
func reportingStatus(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch is MessageSink.Closed {
        return
    } catch let error as TimedOut {
        try end(.timedOut, error.description)
    } catch let error as Mismatch {
        try end(.mismatch, error.description)
    } catch let error as SocketError {
        try end(error.code == .timedOut ? .timedOut : .failure, error.description)
    } catch let error as ExitCode {
        throw error
    } catch {
        try end(.failure, String(describing: error))
    }
}

private func end(_ status: ExitStatus, _ message: String) throws {
    StandardStreams.note("mcomm: \(message)")
    throw ExitCode(status.rawValue)
}
