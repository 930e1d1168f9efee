import CMCZmq
import MCPool
import Synchronization

/// What a socket is and can do now.
enum StateOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_TYPE: .read { socket throws(Errno) in .int(socket.type) },
        ZMQ_RCVMORE: .read { socket throws(Errno) in
            .state(socket.receivedMore.load(ordering: .relaxed) ? 1 : 0)
        },
        ZMQ_FD: .read { socket throws(Errno) in
            .state(try engineCall { () throws(SocketError) in try socket.engine.pollDescriptor() })
        },
        ZMQ_EVENTS: .read { socket throws(Errno) in .state(try socket.pollEvents()) },
        ZMQ_LAST_ENDPOINT: .read { socket throws(Errno) in
            .text(Array(socket.engine.lastEndpointNow.utf8))
        },
        ZMQ_THREAD_SAFE: .read { socket throws(Errno) in
            #if ZMQ_BUILD_DRAFT_API
            return .state(socket.hasSingleFrames ? 1 : 0)
            #else
            return .state(0)
            #endif
        },
        ZMQ_ROUTING_ID: SocketOption(
            get: { socket throws(Errno) in .bytes(socket.engine.getOptions().routingID) },
            set: { socket, input throws(Errno) in
                let id = try input.bytes(1...255)
                socket.engine.setOptions { $0.routingID = id }
            }),
        ZMQ_AFFINITY: SocketOption(
            get: { socket throws(Errno) in .unsigned(socket.engine.getOptions().affinity) },
            set: { socket, input throws(Errno) in
                let mask = try input.unsigned
                socket.engine.setOptions { $0.affinity = mask }
            }),
    ]
}

extension ZmqSocket {
    /// ZMQ_POLLIN and ZMQ_POLLOUT, as they are at the moment.
    func pollEvents() throws(Errno) -> Int32 {
        let events = try engineCall { () throws(SocketError) in try engine.events() }
        var bits: Int32 = 0
        if events.contains(.canReceive) || hasUnreceived.load(ordering: .relaxed) {
            bits |= ZMQ_POLLIN
        }
        // The frames that follow the first have their room.
        if events.contains(.canSend) || hasUnsent.load(ordering: .relaxed) { bits |= ZMQ_POLLOUT }
        return bits
    }
}
