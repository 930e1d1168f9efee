#if ZMQ_BUILD_DRAFT_API
import CMCZmq
import Glibc
import MCLock
import MCMemory
import MCPatterns
import MCPool

extension SocketKind {
    static func draftPattern(_ type: Int32) -> (any Pattern)? {
        switch type {
        case ZMQ_SERVER: Server()
        case ZMQ_CLIENT: Client()
        case ZMQ_RADIO: Radio()
        case ZMQ_DISH: Dish()
        case ZMQ_GATHER: Gather()
        case ZMQ_SCATTER: Scatter()
        case ZMQ_DGRAM: Dgram()
        case ZMQ_PEER: Peer()
        case ZMQ_CHANNEL: Channel()
        default: nil
        }
    }
}

extension ZmqSocket {
    /// Sends a message of one frame, to whom its label says.
    func sendSingle(
        _ frame: UnsafePointer<Frame>, label: MessageLabel, flags: Int32
    ) -> Int32 {
        guard flags & ZMQ_SNDMORE == 0 else { return fail(.invalid) }
        let message = unsafe Outgoing(frames: frame, count: 1)
        let waits = flags & ZMQ_DONTWAIT == 0
        do throws(SocketError) {
            switch type {
            case ZMQ_SERVER, ZMQ_PEER:
                try unsafe withUnsafeBytes(of: label.routingID) { number throws(SocketError) in
                    try unsafe engine.send(message.behind(number), waits: waits)
                }
            case ZMQ_RADIO:
                let group = label.group ?? []
                try unsafe group.span.bytes.withUnsafeBytes { group throws(SocketError) in
                    try unsafe engine.send(message.behind(group), waits: waits)
                }
            default:
                try engine.send(message, waits: waits)
            }
        } catch {
            return failSending(error)
        }
        return Int32(clamping: unsafe frame.pointee.count)
    }
}

/// Joins or leaves.
private func change(
    _ socket: UnsafeMutableRawPointer?, _ group: UnsafePointer<CChar>?, joins: Bool
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            guard let dish = socket.pattern as? Dish else { throw Errno(ENOTSUP) }
            guard let group = unsafe group, let name = unsafe groupBytes(group) else {
                throw .invalid
            }
            do throws(SocketError) {
                try socket.engine.withPattern { _ throws(SocketError) in
                    try dish.change(name, joins: joins)
                }
            } catch {
                // libzmq calls it invalid, and not a wrong state.
                throw error.code == .invalidState ? .invalid : Errno(error)
            }
        }
    }
}

@c @implementation
public func zmq_join(
    _ socket: UnsafeMutableRawPointer?, _ group: UnsafePointer<CChar>?
) -> Int32 { unsafe change(socket, group, joins: true) }

@c @implementation
public func zmq_leave(
    _ socket: UnsafeMutableRawPointer?, _ group: UnsafePointer<CChar>?
) -> Int32 { unsafe change(socket, group, joins: false) }

@c @implementation
public func zmq_connect_peer(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?
) -> UInt32 {
    var number: UInt32 = 0
    _ = unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            guard socket.type == ZMQ_PEER else { throw Errno(ENOTSUP) }
            guard let endpoint = unsafe endpoint else { throw .invalid }
            let text = unsafe String(cString: endpoint)
            try socket.prepare(for: text)
            try engineCall { () throws(SocketError) in
                number = try socket.engine.connect(text).peerNumber
            }
        }
    }
    return number
}

@c @implementation
public func zmq_socket_get_peer_state(
    _ socket: UnsafeMutableRawPointer?, _ routing_id: UnsafeRawPointer?, _ size: Int
) -> Int32 {
    unsafe withSocket(socket) { socket in
        guard let router = socket.pattern as? Router else { return fail(Errno(ENOTSUP)) }
        guard size >= 0, unsafe routing_id != nil || size == 0 else { return fail(.fault) }
        let id = unsafe [UInt8](UnsafeRawBufferPointer(start: routing_id, count: size))
        let hasRoom = socket.engine.access {
            try? unsafe id.withUnsafeBytes { bytes throws(SocketError) in
                try unsafe router.hasRoom(for: bytes)
            }
        }
        guard let hasRoom else { return fail(Errno(EHOSTUNREACH)) }
        return hasRoom ? ZMQ_POLLOUT : 0
    }
}

// MARK: - Context options that are no numbers

@c @implementation
public func zmq_ctx_set_ext(
    _ context: UnsafeMutableRawPointer?, _ option: Int32, _ value: UnsafeRawPointer?,
    _ size: Int
) -> Int32 {
    let input = unsafe OptionInput(address: value, count: size)
    return unsafe ZmqContext.with(context) { context in
        result { () throws(Errno) in
            try context.settings { settings throws(Errno) in
                if option == ZMQ_THREAD_NAME_PREFIX, size != 4 {
                    // libzmq has room for 16 bytes.
                    guard size > 0 else { throw .invalid }
                    settings.namePrefix = try input.text(upTo: 16)
                } else {
                    let number = try input.int(Int32.min...Int32.max)
                    try settings.set(option, Int32(clamping: number))
                }
            }
        }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_ctx_get_ext(
    _ context: UnsafeMutableRawPointer?, _ option: Int32, _ value: UnsafeMutableRawPointer?,
    _ size: UnsafeMutablePointer<Int>?
) -> Int32 {
    unsafe ZmqContext.with(context) { context in
        result { () throws(Errno) in
            guard let value = unsafe value, let size = unsafe size else { throw .fault }
            let output = unsafe OptionOutput(address: value, size: size)
            let settings = context.settings
            if option == ZMQ_THREAD_NAME_PREFIX, unsafe size.pointee != 4 {
                try output.write(.bytes(settings.namePrefix?.bytes ?? []))
            } else if let number = settings.get(option) {
                try output.write(.int(number))
            } else {
                throw .invalid
            }
        }
    } ?? fail(.fault)
}
#endif
