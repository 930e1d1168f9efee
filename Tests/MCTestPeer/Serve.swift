import Glibc
import MCFacade
import MCLock
import MCTestSupport

/// `serve TYPE ENDPOINT [option=value…]`: a bound socket (`connect=1`: a connected one) that does
/// what its type does: counts what it gets, echoes, or sends numbers. Lines on standard input ask
/// it for news:
/// - `stats`: counters, descriptors, threads and memory;
/// - `close`: closes the socket, and says so;
/// - `limit BYTES`: gets no more than so many bytes of private memory on top of what it has;
/// - `cycle N TYPE`: opens and closes N sockets of its own;
/// - `quit`, or the end of the input: ends the process in an orderly way.
enum Serve {
    private struct Counters: Sendable {
        var messages = 0
        var bytes = 0
        /// Messages that are not what our own senders send: partial or mixed up ones.
        var bad = 0
    }

    static func run(_ arguments: Arguments) throws {
        let type = try arguments.word(0, "TYPE")
        let endpoint = try arguments.word(1, "ENDPOINT")
        let (socket, work) = try make(type, arguments)
        if arguments.option("connect") != nil {
            try socket.connect(endpoint)
        } else {
            try socket.bind(endpoint)
        }
        let counters = Counter()
        let delay = try arguments.number("delay", default: 0)
        startThread { work(counters, UInt32(delay)) }
        say("bound \(socket.lastEndpoint)")
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "stats":
                malloc_trim(0)
                say("stats \(counters.line) \(ProcessUsage.line)")
            case "close":
                socket.close()
                say("closed")
            case "limit":
                ProcessUsage.limit(headroom: Int(words[1]) ?? 0)
                say("limited")
            case "cycle":
                try cycle(Int(words[1]) ?? 0, words[2])
                say("cycled")
            case "quit":
                socket.close()
                Context.shared.close()
                say("quit")
                return
            default: say("error unknown command \(line)")
            }
        }
    }

    private static func cycle(_ count: Int, _ type: String) throws {
        for index in 0..<count {
            let (socket, _) = try make(type, Arguments([]))
            // Some do something in between.
            switch index % 4 {
            case 0: try socket.bind("tcp://127.0.0.1:*")
            case 1: try socket.bind("inproc://cycle-\(index)")
            case 2: try socket.connect("tcp://127.0.0.1:1")
            default: break
            }
            socket.close()
        }
    }

    /// Counts, shared between threads.
    final class Counter: Sendable {
        private let counters = Locked(Counters())

        func count(_ message: borrowing Message) {
            let bytes = message.totalBytes
            let isGood = Payload.isWhole(message)
            counters.withLock {
                $0.messages += 1
                $0.bytes += bytes
                if !isGood { $0.bad += 1 }
            }
        }

        func countOne() { counters.withLock { $0.messages += 1 } }

        var line: String {
            counters.withLock { "messages=\($0.messages) bytes=\($0.bytes) bad=\($0.bad)" }
        }
    }

    typealias Work = @Sendable (Counter, UInt32) -> Void

    /// A socket, and what it does until it is closed.
    private static func make(_ type: String, _ arguments: Arguments) throws -> (Socket, Work) {
        let options = try arguments.socketOptions()
        switch type {
        case "PULL":
            let socket = try PullSocket(options: options)
            return (socket, counting(socket))
        case "SUB":
            let socket = try SubSocket(options: options)
            try socket.subscribe()
            return (socket, counting(socket))
        case "REP":
            let socket = try RepSocket(options: options)
            return (socket, echoing(socket))
        case "PAIR":
            let socket = try PairSocket(options: options)
            return (socket, echoing(socket))
        case "DEALER":
            let socket = try DealerSocket(options: options)
            return (socket, echoing(socket))
        case "ROUTER":
            let socket = try RouterSocket(options: options)
            return (socket, echoing(socket))
        case "PUSH":
            let socket = try PushSocket(options: options)
            return (socket, sending(socket))
        case "PUB":
            let socket = try PubSocket(options: options)
            return (socket, sending(socket))
        case "XSUB":
            let socket = try XSubSocket(options: options)
            try socket.subscribe([])
            return (socket, counting(socket))
        case "XPUB":
            let socket = try XPubSocket(options: options)
            return (socket, sending(socket))
        case "REQ":
            let socket = try ReqSocket(options: options)
            return (socket, asking(socket))
        default: throw Arguments.Missing(description: "no socket type \(type)")
        }
    }

    private static func counting(_ socket: some ReceivingSocket) -> Work {
        { counter, delay in
            while let message = try? socket.receive() {
                counter.count(message)
                if delay > 0 { usleep(delay) }
            }
        }
    }

    private static func echoing(_ socket: some ReceivingSocket & SendingSocket) -> Work {
        { counter, _ in
            while let message = try? socket.receive() {
                counter.countOne()
                do { try socket.send(message) } catch { return }
            }
        }
    }

    /// Sends a number and a payload about a thousand times a second.
    private static func sending(_ socket: some SendingSocket) -> Work {
        { counter, delay in
            var number = 0
            while (try? socket.send(Payload.message(number, bytes: 64, frames: 1))) != nil {
                counter.countOne()
                number += 1
                usleep(delay > 0 ? delay : 1000)
            }
        }
    }

    private static func asking(_ socket: ReqSocket) -> Work {
        { counter, _ in
            while (try? socket.send("question")) != nil, (try? socket.receive()) != nil {
                counter.countOne()
                usleep(1000)
            }
        }
    }
}
