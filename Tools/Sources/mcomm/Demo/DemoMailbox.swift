import MCommSupport
import Synchronization

/// The parent's words to one peer, and the peer's words to the parent.
final class DemoMailbox: Sendable {
    /// What the parent says.
    enum Command: String {
        /// Send everything, as fast as it goes.
        case stream
        /// Send everything, at a steady pace.
        case pace
        /// Report and end.
        case stop
    }

    /// Peers that are threads of one process take turns: a long line is several writes.
    private static let output = Mutex(())

    let name: String
    private let commands = Mutex<[Command]>([])

    init(name: String) {
        self.name = name
    }

    func put(_ command: Command) {
        commands.withLock { $0.append(command) }
    }

    /// The next command, if there is one.
    func take() -> Command? {
        commands.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// Waits for the next command.
    func wait() -> Command {
        while true {
            if let command = take() { return command }
            Clock.sleep(until: Clock.nanoseconds() + 200_000)
        }
    }

    /// Says something to the parent.
    func say(_ kind: DemoEvent.Kind, _ fill: (inout DemoEvent) -> Void = { _ in }) throws {
        var event = DemoEvent(peer: name, kind: kind)
        fill(&event)
        let line = try DemoLine.encode(event)
        Self.output.withLock { _ in _ = StandardStreams.print(line) }
    }
}
