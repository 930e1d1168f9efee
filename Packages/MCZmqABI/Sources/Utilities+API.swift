import CMCLinux
import CMCZmq
import Glibc
import Synchronization

@c @implementation
public func zmq_version(
    _ major: UnsafeMutablePointer<Int32>?, _ minor: UnsafeMutablePointer<Int32>?,
    _ patch: UnsafeMutablePointer<Int32>?
) {
    unsafe major?.pointee = ZMQ_VERSION_MAJOR
    unsafe minor?.pointee = ZMQ_VERSION_MINOR
    unsafe patch?.pointee = ZMQ_VERSION_PATCH
}

@c @implementation
public func zmq_has(_ capability: UnsafePointer<CChar>?) -> Int32 {
    guard let capability = unsafe capability else { return 0 }
    #if ZMQ_BUILD_DRAFT_API
    if unsafe String(cString: capability) == "draft" { return 1 }
    #endif
    // pgm, tipc, norm, curve, gssapi, vmci, ws and wss are not here.
    return unsafe String(cString: capability) == "ipc" ? 1 : 0
}

// MARK: - Counters

/// Where a counter is; nil has none.
private func counter(
    _ pointer: UnsafeMutableRawPointer?
) -> UnsafeMutablePointer<Atomic<Int32>>? {
    unsafe pointer?.assumingMemoryBound(to: Atomic<Int32>.self)
}

@c @implementation
public func zmq_atomic_counter_new() -> UnsafeMutableRawPointer? {
    let made = UnsafeMutablePointer<Atomic<Int32>>.allocate(capacity: 1)
    unsafe made.initialize(to: Atomic(0))
    return UnsafeMutableRawPointer(made)
}

@c @implementation
public func zmq_atomic_counter_set(_ pointer: UnsafeMutableRawPointer?, _ value: Int32) {
    unsafe counter(pointer)?.pointee.store(value, ordering: .sequentiallyConsistent)
}

@c @implementation
public func zmq_atomic_counter_inc(_ pointer: UnsafeMutableRawPointer?) -> Int32 {
    unsafe counter(pointer)?.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
        ?? 0
}

@c @implementation
public func zmq_atomic_counter_dec(_ pointer: UnsafeMutableRawPointer?) -> Int32 {
    let new = unsafe counter(pointer)?.pointee.wrappingSubtract(
        1, ordering: .sequentiallyConsistent
    ).newValue
    return (new ?? 0) != 0 ? 1 : 0
}

@c @implementation
public func zmq_atomic_counter_value(_ pointer: UnsafeMutableRawPointer?) -> Int32 {
    unsafe counter(pointer)?.pointee.load(ordering: .sequentiallyConsistent) ?? 0
}

@c @implementation
public func zmq_atomic_counter_destroy(
    _ pointer: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) {
    guard let pointer = unsafe pointer, let made = unsafe counter(pointer.pointee) else { return }
    unsafe made.deinitialize(count: 1)
    unsafe made.deallocate()
    unsafe pointer.pointee = nil
}

// MARK: - Time

@c @implementation
public func zmq_stopwatch_start() -> UnsafeMutableRawPointer? {
    let start = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    unsafe start.initialize(to: cmc_now_ns())
    return UnsafeMutableRawPointer(start)
}

@c @implementation
public func zmq_stopwatch_intermediate(_ watch: UnsafeMutableRawPointer?) -> UInt {
    guard let start = unsafe watch?.assumingMemoryBound(to: UInt64.self) else { return 0 }
    return unsafe UInt((cmc_now_ns() - start.pointee) / 1000)
}

@c @implementation
public func zmq_stopwatch_stop(_ watch: UnsafeMutableRawPointer?) -> UInt {
    let elapsed = unsafe zmq_stopwatch_intermediate(watch)
    unsafe watch?.deallocate()
    return elapsed
}

@c @implementation
public func zmq_sleep(_ seconds: Int32) {
    if seconds > 0 { sleep(UInt32(seconds)) }
}

// MARK: - Threads

/// What a thread is to run; lent to pthread_create.
@safe
private struct ThreadBody {
    let function: zmq_thread_fn
    let argument: UnsafeMutableRawPointer?
}

@c @implementation
public func zmq_threadstart(
    _ function: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
    _ argument: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    guard let function = unsafe function else { return unsafe failNil(.fault) }
    let body = UnsafeMutablePointer<ThreadBody>.allocate(capacity: 1)
    unsafe body.initialize(to: ThreadBody(function: function, argument: argument))
    let thread = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
    unsafe thread.initialize(to: pthread_t())
    let error = unsafe pthread_create(
        thread, nil,
        { raw in
            guard let raw = unsafe raw else { return nil }
            let place = unsafe raw.assumingMemoryBound(to: ThreadBody.self)
            let body = unsafe place.move()
            unsafe place.deallocate()
            unsafe body.function(body.argument)
            return nil
        }, body)
    if error != 0 {
        unsafe body.deinitialize(count: 1)
        unsafe body.deallocate()
        unsafe thread.deallocate()
        return unsafe failNil(Errno(error))
    }
    return UnsafeMutableRawPointer(thread)
}

@c @implementation
public func zmq_threadclose(_ thread: UnsafeMutableRawPointer?) {
    guard let made = unsafe thread?.assumingMemoryBound(to: pthread_t.self) else { return }
    unsafe pthread_join(made.pointee, nil)
    unsafe made.deallocate()
}
