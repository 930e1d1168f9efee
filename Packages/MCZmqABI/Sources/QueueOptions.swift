import CMCZmq
import MCLock
import MCPool

/// What waits where, and for how long.
enum QueueOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_CONFLATE: SocketOption(
            get: { socket throws(Errno) in
                .int(socket.engine.getOptions().conflates ? 1 : 0)
            },
            set: { socket, input throws(Errno) in
                let value = try input.strictFlag
                socket.engine.setOptions { $0.conflates = value }
            }),
        ZMQ_SNDHWM: .int(\.sendHighWaterMark, 0...Int32.max),
        ZMQ_RCVHWM: .int(\.receiveHighWaterMark, 0...Int32.max),
        ZMQ_SNDTIMEO: .int(\.sendTimeoutMilliseconds, -1...Int32.max),
        ZMQ_RCVTIMEO: .int(\.receiveTimeoutMilliseconds, -1...Int32.max),
        ZMQ_LINGER: .int(\.lingerMilliseconds, -1...Int32.max),
        ZMQ_MAXMSGSIZE: SocketOption(
            get: { socket throws(Errno) in
                .long(socket.extras.withLock { $0.maximumMessageBytes })
            },
            set: { socket, input throws(Errno) in
                let limit = try input.long
                socket.extras.withLock { $0.maximumMessageBytes = limit }
                socket.engine.setOptions { $0.maximumMessageBytes = Int(max(-1, limit)) }
            }),
    ]
}
