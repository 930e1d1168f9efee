import CMCLinux
import CMCZmq
import Glibc
import MCLock

/// Timers that their owner runs (zmq_timers(3)); for one thread.
final class Timers: HandleObject, @unchecked Sendable {
    static var handleKind: Int32 { Int32(CMC_HANDLE_OTHER) }

    @safe
    struct Timer {
        let id: Int32
        var interval: UInt64
        var due: UInt64
        let handler: zmq_timer_fn
        let argument: UnsafeMutableRawPointer?
    }

    private struct State {
        var timers: [Timer] = []
        var lastID: Int32 = 0
    }

    private let state = Locked<State>(State())

    static var now: UInt64 { cmc_now_ns() / 1_000_000 }

    func add(
        interval: Int, _ handler: @escaping zmq_timer_fn, _ argument: UnsafeMutableRawPointer?
    ) -> Int32 {
        let interval = UInt64(max(0, interval))
        return state.withLock { state in
            state.lastID += 1
            unsafe state.timers.append(
                Timer(
                    id: state.lastID, interval: interval, due: Timers.now &+ interval,
                    handler: handler, argument: argument))
            return state.lastID
        }
    }

    func change(_ id: Int32, _ body: (inout Timer?) -> Void) throws(Errno) {
        try state.withLock { state throws(Errno) in
            guard let index = state.timers.firstIndex(where: { $0.id == id }) else {
                throw .invalid
            }
            var timer: Timer? = state.timers[index]
            body(&timer)
            if let timer = timer {
                state.timers[index] = timer
            } else {
                state.timers.remove(at: index)
            }
        }
    }

    /// Milliseconds until the next is due; nil when there is none.
    var timeout: Int? {
        let next = state.withLock { state in state.timers.map(\.due).min() }
        guard let next else { return nil }
        let now = Timers.now
        return next > now ? Int(next - now) : 0
    }

    /// Calls the handlers of those that are due, once each.
    func execute() {
        let now = Timers.now
        let due = state.withLock { state in
            state.timers.filter { $0.due <= now }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        }
        for timer in due {
            // A handler may have cancelled one of those that follow.
            let isThere = state.withLock { state in
                guard let index = state.timers.firstIndex(where: { $0.id == timer.id }) else {
                    return false
                }
                state.timers[index].due = now &+ timer.interval
                return true
            }
            if isThere { unsafe timer.handler(timer.id, timer.argument) }
        }
    }
}

@c @implementation
public func zmq_timers_new() -> UnsafeMutableRawPointer? {
    guard let handle = unsafe Timers.makeHandle(Timers()) else {
        return unsafe failNil(Errno(ENOMEM))
    }
    return unsafe handle
}

@c @implementation
public func zmq_timers_destroy(
    _ timers: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    guard let timers = unsafe timers, unsafe Timers.takeHandle(timers.pointee) != nil else {
        return fail(.fault)
    }
    unsafe timers.pointee = nil
    return 0
}

@c @implementation
public func zmq_timers_add(
    _ timers: UnsafeMutableRawPointer?, _ interval: Int,
    _ handler: (@convention(c) (Int32, UnsafeMutableRawPointer?) -> Void)?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe Timers.with(timers) { timers in
        guard let handler = unsafe handler else { return fail(.fault) }
        return unsafe timers.add(interval: interval, handler, argument)
    } ?? fail(.fault)
}

@c @implementation
public func zmq_timers_cancel(_ timers: UnsafeMutableRawPointer?, _ timer_id: Int32) -> Int32 {
    unsafe Timers.with(timers) { timers in
        result { () throws(Errno) in try timers.change(timer_id) { $0 = nil } }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_timers_set_interval(
    _ timers: UnsafeMutableRawPointer?, _ timer_id: Int32, _ interval: Int
) -> Int32 {
    unsafe Timers.with(timers) { timers in
        result { () throws(Errno) in
            try timers.change(timer_id) {
                $0?.interval = UInt64(max(0, interval))
                $0?.due = Timers.now &+ UInt64(max(0, interval))
            }
        }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_timers_reset(_ timers: UnsafeMutableRawPointer?, _ timer_id: Int32) -> Int32 {
    unsafe Timers.with(timers) { timers in
        result { () throws(Errno) in
            try timers.change(timer_id) { timer in
                let interval = timer?.interval ?? 0
                timer?.due = Timers.now &+ interval
            }
        }
    } ?? fail(.fault)
}

@c @implementation
public func zmq_timers_timeout(_ timers: UnsafeMutableRawPointer?) -> Int {
    unsafe Timers.with(timers) { $0.timeout ?? -1 } ?? Int(fail(.fault))
}

@c @implementation
public func zmq_timers_execute(_ timers: UnsafeMutableRawPointer?) -> Int32 {
    unsafe Timers.with(timers) { timers in
        timers.execute()
        return 0
    } ?? fail(.fault)
}
