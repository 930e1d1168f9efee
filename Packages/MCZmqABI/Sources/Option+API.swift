import CMCZmq
import Glibc
import MCPool

@c @implementation
public func zmq_setsockopt(
    _ socket: UnsafeMutableRawPointer?, _ option: Int32, _ value: UnsafeRawPointer?, _ size: Int
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            guard let set = OptionTable.option(option, of: socket)?.set else { throw .invalid }
            try set(socket, unsafe OptionInput(address: value, count: size))
        }
    }
}

@c @implementation
public func zmq_getsockopt(
    _ socket: UnsafeMutableRawPointer?, _ option: Int32, _ value: UnsafeMutableRawPointer?,
    _ size: UnsafeMutablePointer<Int>?
) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            guard let value = unsafe value, let size = unsafe size else { throw .fault }
            try socket.checkUsable()
            guard let get = OptionTable.option(option, of: socket)?.get else { throw .invalid }
            try unsafe OptionOutput(address: value, size: size).write(
                try get(socket))
        }
    }
}

extension ZmqSocket {
    func checkUsable() throws(Errno) {
        if context.isInherited { throw .terminated }
        try engineCall { () throws(SocketError) in try engine.checkOpen() }
    }
}

/// The user's memory for zmq_getsockopt.
@safe
struct OptionOutput {
    private let address: UnsafeMutableRawPointer
    private let size: UnsafeMutablePointer<Int>

    init(address: UnsafeMutableRawPointer, size: UnsafeMutablePointer<Int>) {
        unsafe self.address = address
        unsafe self.size = size
    }

    func write(_ value: OptionValue) throws(Errno) {
        switch value {
        case .int(let value): try store(value)
        case .long(let value): try store(value)
        case .unsigned(let value): try store(value)
        case .state(let value): try unsafe withUnsafeBytes(of: value, copy)
        case .bytes(let bytes): try copy(bytes)
        case .text(let bytes): try copy(bytes + [0])
        }
    }

    /// The room must be the number's own.
    private func store<Value: BitwiseCopyable>(_ value: Value) throws(Errno) {
        guard unsafe size.pointee == MemoryLayout<Value>.size else { throw .invalid }
        try unsafe withUnsafeBytes(of: value, copy)
    }

    private func copy(_ bytes: [UInt8]) throws(Errno) {
        try unsafe bytes.span.bytes.withUnsafeBytes(copy)
    }

    /// There may be more room than is needed, which is cleared.
    private func copy(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        let room = unsafe size.pointee
        guard room >= bytes.count else { throw .invalid }
        let target = unsafe UnsafeMutableRawBufferPointer(start: address, count: room)
        unsafe target.copyBytes(from: bytes)
        unsafe target[bytes.count...].initializeMemory(as: UInt8.self, repeating: 0)
        unsafe size.pointee = bytes.count
    }
}
