public import CMCZmq
import Glibc
import MCMemory

@c @implementation
public func zmq_sendiov(
    _ socket: UnsafeMutableRawPointer?, _ vectors: UnsafeMutablePointer<iovec>?, _ count: Int,
    _ flags: Int32
) -> Int32 {
    guard count > 0, let vectors = unsafe vectors else { return fail(.invalid) }
    var sent: Int32 = 0
    for index in 0..<count {
        // One message with SNDMORE, else a message each.
        let more = index < count - 1 ? flags & ZMQ_SNDMORE : 0
        sent = unsafe zmq_send(
            socket, vectors[index].iov_base, vectors[index].iov_len,
            flags & ~ZMQ_SNDMORE | more)
        if sent < 0 { return sent }
    }
    return sent
}

@c @implementation
public func zmq_recviov(
    _ socket: UnsafeMutableRawPointer?, _ vectors: UnsafeMutablePointer<iovec>?,
    _ count: UnsafeMutablePointer<Int>?, _ flags: Int32
) -> Int32 {
    unsafe withSocket(socket) { socket in
        guard let count = unsafe count, let vectors = unsafe vectors, unsafe count.pointee > 0
        else { return fail(.invalid) }
        let room = unsafe count.pointee
        unsafe count.pointee = 0
        var message = Message()
        for index in 0..<room {
            if let error = socket.receive(into: &message, flags: flags) {
                // The frames so far are the caller's.
                return index > 0 && error.number != EAGAIN ? Int32(index) : fail(error)
            }
            // Memory of malloc's, which the caller frees.
            let size = message.withFrame(0) { $0.count }
            guard let copy = unsafe malloc(max(1, size)) else { return fail(Errno(ENOMEM)) }
            message.withFrame(0) { frame in
                unsafe frame.withUnsafeBytes { bytes in
                    if let from = bytes.baseAddress {
                        unsafe copy.copyMemory(from: from, byteCount: size)
                    }
                }
            }
            unsafe vectors[index].iov_base = copy
            unsafe vectors[index].iov_len = size
            unsafe count.pointee += 1
            if !message.headHasMore { return Int32(index + 1) }
        }
        return Int32(room)
    }
}
