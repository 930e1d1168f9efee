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
        case .bytes(let bytes): try copy(bytes)
        case .text(let text): try copy(Array(text.utf8) + [0])
        }
    }

    private func store<Value: BitwiseCopyable>(_ value: Value) throws(Errno) {
        guard unsafe size.pointee >= MemoryLayout<Value>.size else { throw .invalid }
        // A caller who takes a number for a wider one than it is reads the right one, too.
        unsafe address.initializeMemory(as: UInt8.self, repeating: 0, count: size.pointee)
        unsafe address.copyMemory(from: [value], byteCount: MemoryLayout<Value>.size)
        unsafe size.pointee = MemoryLayout<Value>.size
    }

    private func copy(_ bytes: [UInt8]) throws(Errno) {
        guard unsafe size.pointee >= bytes.count else { throw .invalid }
        unsafe address.copyMemory(from: bytes, byteCount: bytes.count)
        unsafe size.pointee = bytes.count
    }
}
