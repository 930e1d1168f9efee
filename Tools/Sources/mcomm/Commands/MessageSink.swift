public import ArgumentParser
import MCFacade
public import MCommSupport

extension MessageFormat: ExpressibleByArgument {}

/// How a receiving subcommand prints what arrives.
struct OutputOptions: ParsableArguments {
    @Option(
        help: """
            raw: bytes as they are; lines: a line for each message, frames separated by tabs; \
            json: an object a line, {"frames": […]}; multipart: a line for each frame with its size.
            """)
    var format = MessageFormat.lines
}

/// Prints messages; gathers them while more are there already, so that a fast stream costs few
/// system calls and a slow one is seen at once.
struct MessageSink {
    let format: MessageFormat
    private var pending: [UInt8] = []

    init(format: MessageFormat) {
        self.format = format
    }

    /// Nobody reads our standard output any more: the end, but no failure.
    struct Closed: Error {}

    mutating func add(_ message: borrowing Message) throws {
        pending += format.bytes(message.parts)
        if pending.count >= 64 << 10 { try flush() }
    }

    mutating func flush() throws {
        guard !pending.isEmpty else { return }
        let isOpen = StandardStreams.print(pending)
        pending.removeAll(keepingCapacity: true)
        if !isOpen { throw Closed() }
    }
}
