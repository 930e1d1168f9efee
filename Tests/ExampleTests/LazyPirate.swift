import MCFacade

// The lazy pirate: reliability on the client's side alone (the Guide, chapter 4).
//
// A REQ socket whose server dies waits for ever, and may not send again. This client waits for a while,
// then throws the socket away, and asks again with a new one. The server is any REP socket, or a queue in
// front of several.
//
//   client                          server
//   REQ  ── number, request ──►     REP
//        ◄── number, answer ──
//
// - number: counts the client's requests, in decimal. An answer to another is none.
// - A request may be done more than once: the server died before it answered, or was slow. It must be
//   harmless to do it again, or the server must know the numbers of its clients.
// - What a dead socket had not sent is dropped (LINGER 0): otherwise it would go out as well.

/// Asks until there is an answer, or no hope.
struct LazyPirateClient {
    /// There was none in all that time.
    struct NoAnswer: Error, Equatable {
        let attempts: Int
    }

    let endpoint: String
    let context: Context
    /// For how long one answer is waited for.
    var timeoutMilliseconds = 2500
    /// How often a request is sent at most.
    var attempts = 3

    private var socket: ReqSocket?
    private var number = 0

    init(endpoint: String, context: Context = .shared) {
        self.endpoint = endpoint
        self.context = context
    }

    /// - Throws: `NoAnswer`; `SocketError` when the task is cancelled or the context is closed.
    mutating func ask(_ request: [UInt8]) async throws -> [UInt8] {
        number += 1
        let stamp = [UInt8]("\(number)".utf8)
        for _ in 0..<attempts {
            let socket = try socket ?? connected()
            self.socket = nil
            try await socket.send(parts: [stamp, request])
            if let answer = try await answer(to: stamp, from: socket) {
                // It is as good as new.
                self.socket = socket
                return answer
            }
            socket.close()
        }
        throw NoAnswer(attempts: attempts)
    }

    private func connected() throws -> ReqSocket {
        var options = SocketOptions()
        options.receiveTimeoutMilliseconds = timeoutMilliseconds
        options.lingerMilliseconds = 0
        let socket = try ReqSocket(context: context, options: options)
        try socket.connect(endpoint)
        return socket
    }

    private func answer(to stamp: [UInt8], from socket: ReqSocket) async throws -> [UInt8]? {
        do {
            let parts = try await socket.receive().parts
            return parts.count == 2 && parts[0] == stamp ? parts[1] : nil
        } catch {
            if error.code == .timedOut { return nil }
            throw error
        }
    }
}
