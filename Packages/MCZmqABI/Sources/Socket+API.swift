import CMCZmq
import Glibc
import MCLock
import MCPool

/// Runs `body` with the socket of a handle.
@inline(__always)
func withSocket(
    _ handle: UnsafeMutableRawPointer?, _ body: (ZmqSocket) -> Int32
) -> Int32 {
    unsafe ZmqSocket.with(handle, body) ?? fail(.noSocket)
}

@c @implementation
public func zmq_socket(
    _ context: UnsafeMutableRawPointer?, _ type: Int32
) -> UnsafeMutableRawPointer? {
    let outcome = unsafe ZmqContext.with(context) { context -> (UnsafeMutableRawPointer?, Int32) in
        do throws(Errno) {
            let socket = try context.makeSocket(type: type)
            if let handle = unsafe ZmqSocket.makeHandle(socket) { return unsafe (handle, 0) }
            socket.close()
            return (nil, EMFILE)
        } catch {
            return (nil, error.number)
        }
    }
    guard let outcome = unsafe outcome else { return unsafe failNil(.fault) }
    if unsafe outcome.0 == nil { return unsafe failNil(Errno(outcome.1)) }
    return unsafe outcome.0
}

@c @implementation
public func zmq_close(_ socket: UnsafeMutableRawPointer?) -> Int32 {
    guard let socket = unsafe ZmqSocket.takeHandle(socket) else { return fail(.noSocket) }
    socket.close()
    return 0
}

/// What bind, connect, unbind and disconnect have in common.
private func endpointCall(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?, isNew: Bool = false,
    _ body: (ZmqSocket, String) throws(SocketError) -> Void
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            guard let endpoint = unsafe endpoint else { throw .invalid }
            // What is no UTF-8 is no endpoint, and is refused as one.
            let text = unsafe String(cString: endpoint)
            guard !socket.context.isInherited else { throw .terminated }
            if isNew { try socket.prepare(for: text) }
            try engineCall { () throws(SocketError) in try body(socket, text) }
        }
    }
}

extension ZmqSocket {
    /// What has connections has an I/O thread that looks after them.
    func prepare(for endpoint: String) throws(Errno) {
        guard ["tcp://", "ipc://", "udp://"].contains(where: endpoint.hasPrefix) else { return }
        try checkUsable()
        try context.findThread(for: self)
    }
}

@c @implementation
public func zmq_bind(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?
) -> Int32 {
    unsafe endpointCall(socket, endpoint, isNew: true) { socket, text throws(SocketError) in
        let descriptor = socket.extras.withLock { $0.descriptor }
        _ = try socket.engine.bind(text, descriptor: descriptor < 0 ? nil : descriptor)
    }
}

@c @implementation
public func zmq_connect(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?
) -> Int32 {
    unsafe endpointCall(socket, endpoint, isNew: true) { socket, text throws(SocketError) in
        let id = socket.extras.withLock { extras in
            defer { extras.nextPeerRoutingID = nil }
            return extras.nextPeerRoutingID
        }
        _ = try socket.engine.connect(text, peerRoutingID: id)
    }
}

@c @implementation
public func zmq_unbind(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?
) -> Int32 {
    unsafe endpointCall(socket, endpoint) { socket, text throws(SocketError) in
        try socket.engine.unbind(text)
    }
}

@c @implementation
public func zmq_disconnect(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?
) -> Int32 {
    unsafe endpointCall(socket, endpoint) { socket, text throws(SocketError) in
        try socket.engine.disconnect(text)
    }
}
