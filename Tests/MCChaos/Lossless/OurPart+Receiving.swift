import Glibc
import MCFacade
import MCLock
import MCMemory
import MCTestSupport

// Roles that receive and do not answer.
extension OurPart {
    func receive() throws {
        try forEachMessage { [ledger] message in try ledger.take(message) }
    }

    func subscribe() throws {
        let prefixes = plan.list("topics").map { Array($0.utf8) }
        try forEachMessage { [self] message in
            if let text = message.string(), text.contains("~") {
                hear(text)
                return
            }
            let name = try ledger.take(message).name
            let topic = message.bytes(0)
            guard topic == Payload.topic(name), prefixes.contains(where: { topic.starts(with: $0) })
            else { throw Failure("\(topic) is no topic of \(name)") }
        }
    }

    /// Has `body` see every message until the socket is closed, in the way that the plan says.
    private func forEachMessage(
        _ body: @escaping @Sendable (borrowing Message) throws -> Void
    ) throws {
        let socket: any ReceivingSocket = try socket()
        switch plan["style"] {
        case "poller": try poll(socket, body)
        case "descriptor": try watch(socket, body)
        case "callback": try callBack(socket, body)
        case "async":
            try inTask { while true { try body(await socket.receive()) } }
        case "sequence":
            try inTask { for try await received in socket.messages { try body(received.message) } }
        default:
            try inParallel(plan.number("threads", default: 1)) { _ in
                var message = Message()
                while true {
                    try socket.receive(into: &message)
                    try body(message)
                }
            }
        }
    }

    private func poll(
        _ socket: any ReceivingSocket, _ body: (borrowing Message) throws -> Void
    ) throws {
        let poller = Poller()
        poller.add(socket, for: .canReceive)
        while !isStopped {
            _ = try poller.wait(timeoutMilliseconds: 100)
            try takeAll(of: socket, body)
        }
    }

    private func takeAll(
        of socket: any ReceivingSocket, _ body: (borrowing Message) throws -> Void
    ) throws {
        while let message = try socket.tryReceive() { try body(message) }
    }

    /// As a foreign event loop does.
    private func watch(
        _ socket: any ReceivingSocket, _ body: (borrowing Message) throws -> Void
    ) throws {
        var item = pollfd(fd: try socket.pollDescriptor(), events: Int16(POLLIN), revents: 0)
        while !isStopped {
            // A message that waits makes it readable: no look without having waited.
            guard Glibc.poll(&item, 1, 100) > 0 else { continue }
            if try socket.events().contains(.canReceive) { try takeAll(of: socket, body) }
        }
    }

    private func callBack(
        _ socket: any ReceivingSocket,
        _ body: @escaping @Sendable (borrowing Message) throws -> Void
    ) throws {
        let failure = Locked<(any Error)?>(nil)
        try socket.onMessage { message in
            do {
                try body(message)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        while !isStopped {
            if let error = failure.withLock({ $0 }) { throw error }
            usleep(5_000)
        }
    }
}
