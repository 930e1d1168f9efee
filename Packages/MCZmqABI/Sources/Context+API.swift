import CMCZmq
import Glibc

@c @implementation
public func zmq_ctx_new() -> UnsafeMutableRawPointer? {
    guard let handle = unsafe ZmqContext.makeHandle(ZmqContext()) else {
        return unsafe failNil(Errno(EMFILE))
    }
    return unsafe handle
}

@c @implementation
public func zmq_ctx_term(_ context: UnsafeMutableRawPointer?) -> Int32 {
    let outcome = unsafe ZmqContext.with(context) { context -> Int32 in
        result { () throws(Errno) in try context.terminate() }
    }
    guard let outcome else { return fail(.fault) }
    // Another thread may have terminated it as well: one of them takes the handle.
    if outcome == 0 { _ = unsafe ZmqContext.takeHandle(context) }
    return outcome
}

@c @implementation
public func zmq_ctx_shutdown(_ context: UnsafeMutableRawPointer?) -> Int32 {
    unsafe ZmqContext.with(context) { context in
        context.shutDown()
        return 0
    } ?? fail(.fault)
}

@c @implementation
public func zmq_init(_ io_threads: Int32) -> UnsafeMutableRawPointer? {
    guard io_threads >= 0 else { return unsafe failNil(.invalid) }
    let context = unsafe zmq_ctx_new()
    if unsafe context != nil { _ = unsafe zmq_ctx_set(context, ZMQ_IO_THREADS, io_threads) }
    return unsafe context
}

@c @implementation
public func zmq_term(_ context: UnsafeMutableRawPointer?) -> Int32 { unsafe zmq_ctx_term(context) }

@c @implementation
public func zmq_ctx_destroy(_ context: UnsafeMutableRawPointer?) -> Int32 {
    unsafe zmq_ctx_term(context)
}

@c @implementation
public func zmq_ctx_set(
    _ context: UnsafeMutableRawPointer?, _ option: Int32, _ value: Int32
) -> Int32 {
    unsafe ZmqContext.with(context) { context in
        result { () throws(Errno) in
            try context.settings { settings throws(Errno) in
                try settings.set(option, value)
            }
        }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_ctx_get(_ context: UnsafeMutableRawPointer?, _ option: Int32) -> Int32 {
    unsafe ZmqContext.with(context) { context in
        context.settings.get(option) ?? fail(.invalid)
    } ?? fail(.fault)
}

extension ZmqContext.Settings {
    mutating func set(_ option: Int32, _ value: Int32) throws(Errno) {
        switch option {
        case ZMQ_IO_THREADS where value >= 0: ioThreads = value
        case ZMQ_MAX_SOCKETS where value >= 1: maximumSockets = value
        case ZMQ_THREAD_PRIORITY where value >= 0: priority = value
        case ZMQ_THREAD_SCHED_POLICY where value >= 0: schedulingPolicy = value
        case ZMQ_THREAD_AFFINITY_CPU_ADD where value >= 0: processors.insert(Int(value))
        case ZMQ_THREAD_AFFINITY_CPU_REMOVE where value >= 0:
            guard processors.remove(Int(value)) != nil else { throw .invalid }
        case ZMQ_THREAD_NAME_PREFIX: namePrefix = OptionText(Array(String(value).utf8))
        case ZMQ_MAX_MSGSZ where value >= 0: maximumMessageBytes = value
        case ZMQ_BLOCKY where value >= 0: isBlocky = value != 0
        case ZMQ_IPV6 where value >= 0: ipv6 = value != 0
        case ZmqContext.zeroCopyReceive where value >= 0: zeroCopyReceive = value != 0
        default: throw .invalid
        }
    }

    /// nil for an option that there is none of, or that cannot be read.
    func get(_ option: Int32) -> Int32? {
        switch option {
        case ZMQ_IO_THREADS: ioThreads
        case ZMQ_MAX_SOCKETS: maximumSockets
        case ZMQ_SOCKET_LIMIT: ZmqContext.socketLimit
        case ZMQ_THREAD_SCHED_POLICY: schedulingPolicy
        case ZMQ_THREAD_NAME_PREFIX:
            unsafe Int32(truncatingIfNeeded: atol(namePrefix?.text ?? ""))
        case ZMQ_MAX_MSGSZ: maximumMessageBytes
        case ZMQ_MSG_T_SIZE: Int32(MemoryLayout<zmq_msg_t>.size)
        case ZMQ_BLOCKY: isBlocky ? 1 : 0
        case ZMQ_IPV6: ipv6 ? 1 : 0
        case ZmqContext.zeroCopyReceive: zeroCopyReceive ? 1 : 0
        default: nil
        }
    }
}

extension ZmqContext {
    static let socketLimit: Int32 = 65_535
    /// ZMQ_ZERO_COPY_RECV, which libzmq calls draft and answers in stable builds. Large messages are read
    /// into their final place in any case, small ones never share a buffer.
    static let zeroCopyReceive: Int32 = 10
}
