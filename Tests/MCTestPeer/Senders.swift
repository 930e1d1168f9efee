import Glibc
import MCFacade

/// `send ENDPOINT count=N bytes=N frames=N end=context|return`: connects a PUSH, sends numbered
/// messages, closes the socket with LINGER -1 and exits: with the context closed first, or by
/// returning from `main` alone.
enum SendCommand {
    static func run(_ arguments: Arguments) throws {
        let endpoint = try arguments.word(0, "ENDPOINT")
        let count = try arguments.number("count", default: 1)
        let bytes = try arguments.number("bytes", default: 8)
        let frames = try arguments.number("frames", default: 1)
        let push = try PushSocket(options: try arguments.socketOptions())
        try push.connect(endpoint)
        if bytes == 8 && frames == 1 {
            for number in 0..<count {
                var value = UInt64(number).littleEndian
                try withUnsafeBytes(of: &value) { try push.send(bytes: $0) }
            }
        } else {
            for number in 0..<count {
                try push.send(Payload.message(number, bytes: bytes, frames: frames))
            }
        }
        push.close()
        if arguments.option("end") != "return" { Context.shared.close() }
    }
}

/// `flood ENDPOINT bytes=N frames=N`: connects a PUSH and sends until it is killed.
enum FloodCommand {
    static func run(_ arguments: Arguments) throws {
        let bytes = try arguments.number("bytes", default: 64)
        let frames = try arguments.number("frames", default: 1)
        let push = try PushSocket(options: try arguments.socketOptions())
        try push.connect(try arguments.word(0, "ENDPOINT"))
        say("ready")
        var number = 0
        while true {
            try push.send(Payload.message(number, bytes: bytes, frames: frames))
            number += 1
        }
    }
}
