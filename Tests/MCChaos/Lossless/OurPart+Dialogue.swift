import Glibc
import MCFacade
import MCMemory
import MCTestSupport

// Roles that send and receive.
extension OurPart {
    /// Sends, and gets everything back.
    func ask() throws {
        let rounds = plan.number("rounds", default: 1)
        for round in 0..<rounds {
            let stream = plan.number("stream") + round
            switch plan["style"] {
            case "two": try askOnTwoThreads(stream)
            case "async": try inTask { [self] in try await askInTask(stream) }
            default: try askInTurn(stream)
            }
            try churn(isLast: round == rounds - 1)
        }
    }

    /// One thread sends, another receives.
    private func askOnTwoThreads(_ stream: Int) throws {
        let socket: any ReceivingSocket = try socket()
        try inParallel(2) { [self] index in
            guard index == 1 else {
                try sendStream(stream)
                return
            }
            for _ in 0..<plan.number("count") { try takeAnswer(try socket.receive(), stream) }
        }
    }

    /// With up to `window` messages under way.
    private func askInTurn(_ stream: Int) throws {
        let socket: any SendingSocket & ReceivingSocket = try socket()
        let count = plan.number("count")
        var sent = 0
        var back = 0
        while back < count {
            if sent < count, sent - back < plan.number("window", default: 1) {
                try socket.send(Payload.message(name(stream, sent)))
                sent += 1
                if socket is ReqSocket { continue }
                guard let message = try socket.tryReceive() else { continue }
                try takeAnswer(message, stream)
            } else {
                try takeAnswer(try socket.receive(), stream)
            }
            back += 1
        }
    }

    private func askInTask(_ stream: Int) async throws {
        let socket: any SendingSocket & ReceivingSocket = try socket()
        let count = plan.number("count")
        var sent = 0
        for back in 0..<count {
            while sent < count, sent - back < plan.number("window", default: 1) {
                try await socket.send(Payload.message(name(stream, sent)))
                sent += 1
            }
            try takeAnswer(await socket.receive(), stream)
        }
    }

    private func takeAnswer(_ message: borrowing Message, _ stream: Int) throws {
        let name = try ledger.take(message).name
        guard name.stream == stream else { throw Failure("\(name) is no answer to \(stream)") }
    }

    private func name(_ stream: Int, _ number: Int) -> Payload.Name {
        Payload.Name(
            stream: UInt32(stream), number: UInt32(number), limit: UInt32(plan.number("limit")))
    }

    // MARK: The other end

    /// Sends everything back to where it came from.
    func echo() throws {
        let socket: any SendingSocket & ReceivingSocket = try socket()
        if plan["style"] == "async" {
            try inTask { [self] in
                while true {
                    let message = try await socket.receive()
                    if try isQuestion(message) { try await socket.send(message) }
                }
            }
        }
        let poller = Poller()
        poller.add(socket, for: .canReceive)
        while true {
            if plan["style"] == "poller" {
                guard try !poller.wait(timeoutMilliseconds: 100).isEmpty else { continue }
            }
            let message = try socket.receive()
            if try isQuestion(message) { try socket.send(message) }
        }
    }

    /// Counts a message. A probe, which is an empty one behind routing ids, is none.
    private func isQuestion(_ message: borrowing Message) throws -> Bool {
        if try Payload.read(message) == nil, message.bytes(message.count - 1).isEmpty {
            return false
        }
        try ledger.take(message)
        return true
    }

    /// Sends, and receives as much as the other end sends.
    func duplex() throws {
        let socket: any ReceivingSocket = try socket()
        try inParallel(2) { [self] index in
            guard index == 1 else {
                for stream in plan.streams { try sendStream(stream) }
                return
            }
            while ledger.messages < plan.number("expect") { try ledger.take(try socket.receive()) }
        }
        waitForStop()
    }

    // MARK: In between

    /// Passes on what comes to a second socket, which is bound at `backbind`.
    func relay() throws {
        let front: any ReceivingSocket = try socket()
        let back = try OurSocket.open(plan, type: plan["backtype"], context: context)
        defer { back.close() }
        for endpoint in plan.list("backbind") {
            try OurPart.bind(back, endpoint, patiently: true)
        }
        let proxy: Proxy
        if let front = front as? any SendingSocket & ReceivingSocket,
            let back = back as? any SendingSocket & ReceivingSocket
        {
            proxy = Proxy(between: front, and: back)
        } else if let back = back as? any SendingSocket {
            proxy = Proxy(from: front, to: back)
        } else {
            throw Failure("nobody to pass on to")
        }
        startThread { [self] in
            var isPaused = false
            while !isStopped {
                isPaused.toggle()
                if isPaused { proxy.pause() } else { proxy.resume() }
                usleep(isPaused ? 1_000 : 50_000)
            }
            proxy.stop()
        }
        if plan["style"] == "async" {
            try inTask { try await proxy.run() }
        } else {
            try proxy.runBlocking()
        }
    }
}
