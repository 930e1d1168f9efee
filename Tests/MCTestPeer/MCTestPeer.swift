import Glibc
import MCFacade

/// One end of a connection in a process of its own, for tests that kill it, count what it got, or
/// let it exit.
@main
struct MCTestPeer {
    /// Every command, by name. A command gets its arguments, prints what the test reads, and
    /// throws what goes wrong.
    static let commands: [String: @Sendable (Arguments) throws -> Void] = [
        "serve": Serve.run,
        "send": SendCommand.run,
        "flood": FloodCommand.run,
        "raw": RawRelay.run,
        "connections": ConnectionsCommand.run,
        "send-tensor": TensorCommands.send,
        "receive-tensor": TensorCommands.receive,
    ]

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let name = arguments.first, let command = commands[name] else {
            print("usage: MCTestPeer COMMAND ARGUMENTS…, where COMMAND is one of")
            for name in commands.keys.sorted() { print("  \(name)") }
            exit(64)
        }
        do {
            try command(Arguments(Array(arguments.dropFirst())))
        } catch {
            say("error \(error)")
            exit(1)
        }
    }
}

/// Prints a line for the test that started this process, at once.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
