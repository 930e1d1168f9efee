public import CMCZmq
import Glibc
import MCLock
import MCMemory
import MCPool
import Synchronization

@c @implementation
public func zmq_recv(
    _ socket: UnsafeMutableRawPointer?, _ bytes: UnsafeMutableRawPointer?, _ size: Int,
    _ flags: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        guard unsafe bytes != nil || size == 0 else { return fail(.fault) }
        var message = Message()
        if let error = socket.receive(into: &message, flags: flags) { return fail(error) }
        // Behind the group of a DISH.
        return message.withFrame(message.count - 1) { frame in
            unsafe frame.withUnsafeBytes { payload in
                let count = min(max(0, size), payload.count)
                if count > 0, let bytes = unsafe bytes, let from = payload.baseAddress {
                    unsafe bytes.copyMemory(from: from, byteCount: count)
                }
                return Int32(clamping: payload.count)
            }
        }
    }
}

@c @implementation
public func zmq_msg_recv(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ socket: UnsafeMutableRawPointer?, _ flags: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        guard let cell = unsafe MessageCell(msg) else { return fail(.fault) }
        var message = Message()
        if let error = socket.receive(into: &message, flags: flags) { return fail(error) }
        #if ZMQ_BUILD_DRAFT_API
        let group = message.count > 1 ? message.removeFirst()?.array : nil
        defer { if let group { cell.label = MessageLabel(group: group) } }
        #endif
        guard let frame = message.removeFirst() else { return fail(.invalid) }
        let count = frame.count
        cell.replace(with: frame)
        return Int32(clamping: count)
    }
}

@c @implementation
public func zmq_recvmsg(
    _ socket: UnsafeMutableRawPointer?, _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ flags: Int32
) -> Int32 {
    unsafe zmq_msg_recv(msg, socket, flags)
}

extension ZmqSocket {
    /// Receives the next frame, as a message of one whose `hasMore` is the frame's.
    ///
    /// - Returns: the error where there is one.
    @inline(__always)
    func receive(into message: inout Message, flags: Int32) -> Errno? {
        if hasUnreceived.load(ordering: .relaxed), takePart(into: &message) { return nil }
        do throws(SocketError) {
            try engine.receive(into: &message, waits: flags & ZMQ_DONTWAIT == 0)
        } catch {
            return Errno(error)
        }
        if message.count > 1, !hasGroups {
            keepRest(of: &message)
        } else {
            message.headHasMore = false
            receivedMore.store(false, ordering: .relaxed)
        }
        return nil
    }

    /// The first frame now, the others with the next calls.
    @inline(never)
    private func keepRest(of message: inout Message) {
        guard var first = message.removeFirst() else { return }
        #if ZMQ_BUILD_DRAFT_API
        // libzmq's users take the address of a DGRAM's message for a C string.
        if type == ZMQ_DGRAM { first = Frame(first.array + [0]) }
        #endif
        first.hasMore = true
        var rest = Message()
        swap(&rest, &message)
        message = Message(first)
        partsLock.lock()
        unsafe swap(&rest, &unreceived)
        hasUnreceived.store(true, ordering: .relaxed)
        partsLock.unlock()
        receivedMore.store(true, ordering: .relaxed)
    }

    /// - Returns: false when another thread took the last.
    @inline(never)
    private func takePart(into message: inout Message) -> Bool {
        partsLock.lock()
        guard var frame = unsafe unreceived.removeFirst() else {
            partsLock.unlock()
            return false
        }
        let more = unsafe !unreceived.isEmpty
        hasUnreceived.store(more, ordering: .relaxed)
        partsLock.unlock()
        frame.hasMore = more
        message = Message(frame)
        receivedMore.store(more, ordering: .relaxed)
        return true
    }
}
