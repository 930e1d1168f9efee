import Glibc
import MCFacade
import MCMemory
import MCTestSupport

// Roles that send without an answer.
extension OurPart {
    func send() throws {
        let threads = plan.number("threads", default: 1)
        let rounds = plan.number("rounds", default: 1)
        for round in 0..<rounds {
            try inParallel(threads) { [self] thread in
                try sendStream(plan.number("stream") + round * threads + thread)
            }
            try churn(isLast: round == rounds - 1)
        }
    }

    func publish() throws {
        let socket: any SendingSocket = try socket()
        // Each is heard by everybody whose subscription to this prefix is there.
        while !mayGo {
            for prefix in Payload.prefixes { try socket.send("\(prefix)~\(plan["stream"])") }
            usleep(10_000)
        }
        for stream in plan.streams { try sendStream(stream) }
        // Who closes early takes the connections along; subscribers say when they have everything.
        waitForStop()
    }

    /// Sends the messages of a stream, in the way that the plan says.
    func sendStream(_ stream: Int) throws {
        let socket: any SendingSocket = try socket()
        switch plan["sendstyle"] {
        case "async":
            try inTask { [self] in
                for number in 0..<plan.number("count") {
                    try await socket.send(message(stream, number))
                }
            }
        case "poll":
            let poller = Poller()
            poller.add(socket, for: .canSend)
            for number in 0..<plan.number("count") {
                let message = message(stream, number)
                while try !trySend(message, socket) {
                    guard try !poller.wait(timeoutMilliseconds: 60_000).isEmpty else {
                        throw Failure("no room for message \(number) of stream \(stream)")
                    }
                }
            }
        default:
            for number in 0..<plan.number("count") {
                if plan.number("fiddle") == 1, number % 50 == 49 { try fiddle(socket, number) }
                try socket.send(message(stream, number))
            }
        }
    }

    private func trySend(
        _ message: borrowing Message, _ socket: any SendingSocket
    ) throws -> Bool {
        do {
            try socket.send(message, .dontWait)
            return true
        } catch {
            guard error.code == .wouldBlock else { throw error }
            return false
        }
    }

    private func message(_ stream: Int, _ number: Int) -> Message {
        let name = Payload.Name(
            stream: UInt32(stream), number: UInt32(number), limit: UInt32(plan.number("limit")))
        var message = Payload.message(name)
        if plan["role"] == "publish" { message.prepend(Frame(Payload.topic(name))) }
        return message
    }

    /// Changes the high-water marks of a socket at work.
    private func fiddle(_ socket: Socket, _ number: Int) throws {
        let mark = Int(Payload.mix(UInt64(number)) % 200)
        try socket.setOptions { options in
            options.sendHighWaterMark = mark
            options.receiveHighWaterMark = mark
        }
    }
}
