import CMCLinux
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
        return unsafe withMessagePlace { message in
            if let error = unsafe socket.receive(into: &message.pointee, flags: flags) {
                return fail(error)
            }
            // Behind the group, in what a DISH has received.
            if unsafe !message.pointee.isSingle, unsafe message.pointee.count > 1 {
                _ = unsafe message.pointee.removeFirst()
            }
            let payload = unsafe Frame.payload(of: Message.head(of: message))
            let count = min(max(0, size), payload.count)
            if count > 0, let bytes = unsafe bytes, let from = payload.baseAddress {
                unsafe cmc_copy_exact(bytes, from, count)
            }
            return Int32(clamping: payload.count)
        }
    }
}

@c @implementation
public func zmq_msg_recv(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ socket: UnsafeMutableRawPointer?, _ flags: Int32
) -> Int32 {
    // Without `withSocket`, so that the way of most messages is one function.
    guard let object = unsafe ZmqSocket.enter(socket) else { return fail(.noSocket) }
    let result: Int32
    if let cell = unsafe MessageCell(msg) {
        // Whether something comes or not, as in libzmq.
        cell.clear()
        if unsafe object._withUnsafeGuaranteedRef({ unsafe $0.receiveQueued(to: cell.frame) }) {
            result = cell.wasFilled()
        } else {
            result = unsafe receiveSlowly(object, cell, flags)
        }
    } else {
        result = fail(.fault)
    }
    ZmqSocket.leave()
    return result
}

/// Of several frames, or what has to be waited for. `cell` is empty.
@inline(never)
private func receiveSlowly(
    _ object: Unmanaged<ZmqSocket>, _ cell: MessageCell, _ flags: Int32
) -> Int32 {
    unsafe object._withUnsafeGuaranteedRef { socket in
        unsafe withMessagePlace { message in
            if let error = unsafe socket.receive(into: &message.pointee, flags: flags) {
                return fail(error)
            }
            #if ZMQ_BUILD_DRAFT_API
            // In front of what a DISH receives.
            let isSingle = unsafe message.pointee.isSingle
            let group =
                unsafe !isSingle && message.pointee.count > 1
                ? message.pointee.removeFirst()?.array : nil
            let routingID = unsafe message.pointee.routingID
            defer {
                if group != nil || routingID != 0 {
                    cell.label = MessageLabel(routingID: routingID, group: group)
                }
            }
            #endif
            unsafe cell.fill(withFrameAt: Message.head(of: message))
            unsafe Message.headWasMoved(from: message)
            return Int32(clamping: cell.count)
        }
    }
}

/// An empty message in memory: a variable would be moved about between its users, and the processor waits
/// when it reads back in wide pieces what it has just written in small ones.
@inline(__always)
private func withMessagePlace(_ body: (UnsafeMutablePointer<Message>) -> Int32) -> Int32 {
    unsafe withUnsafeTemporaryAllocation(of: Message.self, capacity: 1) { place in
        let message = unsafe place.baseAddress.unsafelyUnwrapped
        unsafe Message.initializeEmpty(message)
        let result = unsafe body(message)
        unsafe Message.end(message)
        return result
    }
}

@c @implementation
public func zmq_recvmsg(
    _ socket: UnsafeMutableRawPointer?, _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ flags: Int32
) -> Int32 {
    unsafe zmq_msg_recv(msg, socket, flags)
}

extension ZmqSocket {
    /// Receives a message of one frame that is there, to memory that holds nothing that is owned.
    ///
    /// - Returns: false where there is none, or it takes more than moving it.
    @inline(__always)
    fileprivate func receiveQueued(to place: UnsafeMutablePointer<Frame>) -> Bool {
        #if ZMQ_BUILD_DRAFT_API
        // Groups and numbers of peers.
        if type > ZMQ_STREAM { return false }
        #endif
        if hasUnreceived.load(ordering: .relaxed) || receivedMore.load(ordering: .relaxed) {
            return false
        }
        return unsafe engine.receiveQueued(to: place)
    }

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
        // Most messages never had a second frame; others have lost their envelope on the way.
        if message.isSingle || message.hasOneFrame || hasGroups {
            // Written only where it has to be: the frame is about to be read in wide pieces.
            if message.headHasMore { message.headHasMore = false }
            if receivedMore.load(ordering: .relaxed) {
                receivedMore.store(false, ordering: .relaxed)
            }
        } else {
            keepRest(of: &message)
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

extension Message {
    /// What had several, and has lost its envelope on the way.
    @inline(never)
    fileprivate var hasOneFrame: Bool { count == 1 }
}
