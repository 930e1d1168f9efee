import MCFacade

/// What a command was started with: words, and options written `name=value`.
struct Arguments: Sendable {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private var words: [String] = []
    private var options: [String: String] = [:]

    init(_ arguments: [String]) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            // Endpoints of `ipc://` may hold anything, so only plain names make an option.
            if parts.count == 2, parts[0].allSatisfy({ $0.isLetter || $0 == "-" }) {
                options[parts[0]] = parts[1]
            } else {
                words.append(argument)
            }
        }
    }

    func word(_ index: Int, _ name: String) throws -> String {
        guard index < words.count else { throw Missing(description: "missing argument: \(name)") }
        return words[index]
    }

    func option(_ name: String) -> String? { options[name] }

    func number(_ name: String, default value: Int) throws -> Int {
        guard let text = options[name] else { return value }
        guard let number = Int(text) else {
            throw Missing(description: "\(name) is no number: \(text)")
        }
        return number
    }

    /// The socket options that tests change.
    func socketOptions() throws -> SocketOptions {
        var socket = SocketOptions()
        socket.sendHighWaterMark = try number("sndhwm", default: socket.sendHighWaterMark)
        socket.receiveHighWaterMark = try number("rcvhwm", default: socket.receiveHighWaterMark)
        socket.lingerMilliseconds = try number("linger", default: socket.lingerMilliseconds)
        socket.sendBufferBytes = try number("sndbuf", default: socket.sendBufferBytes)
        socket.receiveBufferBytes = try number("rcvbuf", default: socket.receiveBufferBytes)
        socket.maximumMessageBytes = try number("maxmsg", default: socket.maximumMessageBytes)
        socket.reconnectIntervalMilliseconds = try number("reconnect", default: 10)
        socket.handshakeIntervalMilliseconds = try number("handshake", default: 30_000)
        return socket
    }
}
