import ArgumentParser
import MCFacade
import MCommSupport

/// What a sending subcommand sends, and when.
struct MessageSource: ParsableArguments {
    @Argument(help: "Messages of one frame each.")
    var messages: [String] = []

    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A frame of one message of several frames; repeat for each frame.", valueName: "text"))
    var part: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Send a file's bytes as one message; may be repeated.", valueName: "path"))
    var file: [String] = []

    @Flag(help: "Send each line of standard input as a message, after all others.")
    var stdin = false

    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp(
            "Send everything but standard input this many times, 0 for ever.", valueName: "n"))
    var count = 1

    @Option(name: .shortAndLong, help: ArgumentHelp("Pause between messages.", valueName: "ms"))
    var interval = 0

    @Option(
        help: ArgumentHelp(
            "Wait before the first message, for peers to connect and subscribe.", valueName: "ms"))
    var delay = 0

    func validate() throws {
        if count < 0 || interval < 0 || delay < 0 {
            throw ValidationError("--count, --interval and --delay cannot be negative")
        }
    }

    /// Whether there is nothing to send.
    var isEmpty: Bool { messages.isEmpty && part.isEmpty && file.isEmpty && !stdin }

    /// Calls `send` with each message in turn, at its time.
    func forEach(_ send: (consuming Message) throws -> Void) throws {
        var fixed = messages.map { [Array($0.utf8)] }
        if !part.isEmpty { fixed.append(part.map { Array($0.utf8) }) }
        for path in file { fixed.append([try FileBytes.read(path: path)]) }
        var isFirst = true
        func pace() {
            Clock.sleep(milliseconds: isFirst ? delay : interval)
            isFirst = false
        }
        var round = 0
        while !fixed.isEmpty, count == 0 || round < count {
            for parts in fixed {
                pace()
                try send(Message(parts: parts))
            }
            round += 1
        }
        guard stdin else { return }
        var lines = LineReader()
        while let line = lines.next() {
            pace()
            try send(Message(line))
        }
    }
}
