public import CMCZmq
import Glibc
import MCLock
import MCMemory
import MCPool
import Synchronization

@c @implementation
public func zmq_send(
    _ socket: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ size: Int, _ flags: Int32
) -> Int32 {
    // Without `withSocket`, so that the way of most messages is one function.
    guard let object = unsafe ZmqSocket.enter(socket) else { return fail(.noSocket) }
    let result: Int32
    if unsafe object._withUnsafeGuaranteedRef({ unsafe $0.sendAtOnce(bytes, size, flags) }) {
        result = Int32(clamping: size)
    } else {
        result = unsafe sendSlowly(object, bytes, size, flags)
    }
    ZmqSocket.leave()
    return result
}

/// A frame of several, a long one, one with a label, or what nobody takes at once.
@inline(never)
private func sendSlowly(
    _ object: Unmanaged<ZmqSocket>, _ bytes: UnsafeRawPointer?, _ size: Int, _ flags: Int32
) -> Int32 {
    unsafe object._withUnsafeGuaranteedRef { socket in
        guard unsafe bytes != nil || size == 0 else { return fail(.fault) }
        guard size >= 0 else { return fail(Errno(ENOMEM)) }
        let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size)
        if flags & ZMQ_SNDMORE == 0, socket.sendsAlone {
            do throws(SocketError) {
                try unsafe socket.engine.send(bytes: buffer, waits: flags & ZMQ_DONTWAIT == 0)
            } catch {
                if !socket.isDropped(error) { return socket.failSending(error) }
            }
            return Int32(clamping: size)
        }
        guard let frame = unsafe Frame(copyingIfPossible: buffer) else {
            return fail(Errno(ENOMEM))
        }
        #if ZMQ_BUILD_DRAFT_API
        if socket.hasSingleFrames {
            return unsafe withUnsafePointer(to: frame) {
                unsafe socket.sendSingle($0, label: MessageLabel(), flags: flags)
            }
        }
        #endif
        return socket.sendPart(frame, size: size, flags: flags)
    }
}

@c @implementation
public func zmq_send_const(
    _ socket: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ size: Int, _ flags: Int32
) -> Int32 {
    // Below that a copy costs less than a reference.
    if size < 8 << 10 { return unsafe zmq_send(socket, bytes, size, flags) }
    var message = zmq_msg_t()
    let constant = unsafe UnsafeMutableRawPointer(mutating: bytes)
    if unsafe zmq_msg_init_data(&message, constant, size, nil, nil) != 0 { return -1 }
    let sent = unsafe zmq_msg_send(&message, socket, flags)
    let error = errno
    _ = unsafe zmq_msg_close(&message)
    errno = error
    return sent
}

@c @implementation
public func zmq_msg_send(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ socket: UnsafeMutableRawPointer?, _ flags: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        guard let cell = unsafe MessageCell(msg) else { return fail(.fault) }
        let size = unsafe cell.payload.count
        #if ZMQ_BUILD_DRAFT_API
        if socket.hasSingleFrames {
            let sent = unsafe socket.sendSingle(
                cell.frame, label: cell.label, flags: flags)
            if sent >= 0 { cell.clear() }
            return sent
        }
        #endif
        if flags & ZMQ_SNDMORE == 0, !socket.hasUnsent.load(ordering: .relaxed) {
            do throws(SocketError) {
                try unsafe socket.engine.send(
                    Outgoing(frames: cell.frame, count: 1), waits: flags & ZMQ_DONTWAIT == 0)
            } catch {
                if !socket.isDropped(error) { return socket.failSending(error) }
            }
            // The message is the library's now.
            cell.clear()
            return Int32(clamping: size)
        }
        let sent = socket.sendPart(unsafe cell.frame.pointee.copy(), size: size, flags: flags)
        if sent >= 0 { cell.clear() }
        return sent
    }
}

@c @implementation
public func zmq_sendmsg(
    _ socket: UnsafeMutableRawPointer?, _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ flags: Int32
) -> Int32 {
    unsafe zmq_msg_send(msg, socket, flags)
}

extension ZmqSocket {
    /// libzmq drops in silence what a ROUTER can send to nobody because it is no more than an id.
    func isDropped(_ error: SocketError) -> Bool { error.code == .invalidMessage }

    /// Whether a frame without SNDMORE is a message.
    @inline(__always)
    fileprivate var sendsAlone: Bool {
        #if ZMQ_BUILD_DRAFT_API
        if hasSingleFrames { return false }
        #endif
        return !hasUnsent.load(ordering: .relaxed)
    }

    /// Sends a copy of a message of one frame, if somebody takes it at once.
    ///
    /// - Returns: false where it takes more than that; nothing was sent.
    @inline(__always)
    fileprivate func sendAtOnce(
        _ bytes: UnsafeRawPointer?, _ size: Int, _ flags: Int32
    ) -> Bool {
        guard flags & ZMQ_SNDMORE == 0, unsafe bytes != nil, size >= 0, sendsAlone else {
            return false
        }
        return unsafe engine.sendAtOnce(
            bytes: UnsafeRawBufferPointer(start: bytes, count: size),
            waits: flags & ZMQ_DONTWAIT == 0)
    }

    @inline(never)
    func failSending(_ error: SocketError) -> Int32 { fail(Errno(error)) }

    /// Sends a frame of a message that has several.
    func sendPart(_ frame: consuming Frame, size: Int, flags: Int32) -> Int32 {
        let waits = flags & ZMQ_DONTWAIT == 0
        let isFirst = !hasUnsent.load(ordering: .relaxed)
        if isFirst {
            // The message goes as a whole with its last frame; whether it will is told with its first.
            do throws(SocketError) {
                try unsafe frame.withUnsafeBytes { bytes throws(SocketError) in
                    try unsafe engine.prepareToSend(bytes, waits: waits)
                }
            } catch {
                return failSending(error)
            }
        }
        frame.hasMore = false
        partsLock.lock()
        unsafe unsent.append(frame)
        hasUnsent.store(true, ordering: .relaxed)
        // A STREAM's messages have two frames, whatever the flag says of the second.
        if flags & ZMQ_SNDMORE != 0, type != ZMQ_STREAM || isFirst {
            partsLock.unlock()
            return Int32(clamping: size)
        }
        var whole = Message()
        unsafe swap(&whole, &unsent)
        hasUnsent.store(false, ordering: .relaxed)
        partsLock.unlock()
        do throws(SocketError) {
            try Outgoing.withMessage(whole) { message throws(SocketError) in
                // When all peers have gone since the first frame nobody may ever come to take it.
                try engine.send(message, waits: waits && engine.hasPeers)
            }
        } catch {
            return partsFailed(error, &whole) ? Int32(clamping: size) : failSending(error)
        }
        return Int32(clamping: size)
    }

    /// The last frame could not be sent. The frames before it were taken: they stay.
    ///
    /// - Returns: whether libzmq would have dropped the message in silence.
    private func partsFailed(_ error: SocketError, _ whole: inout Message) -> Bool {
        switch error.code {
        // The peer has gone since the first frame.
        case .hostUnreachable, .invalidMessage: return true
        case .wouldBlock where !engine.hasPeers: return true
        case .wouldBlock, .timedOut, .interrupted:
            var kept = Message()
            for _ in 0..<max(0, whole.count - 1) {
                if let frame = whole.removeFirst() { kept.append(frame) }
            }
            partsLock.lock()
            unsafe swap(&kept, &unsent)
            hasUnsent.store(true, ordering: .relaxed)
            partsLock.unlock()
            return false
        default: return false
        }
    }
}
