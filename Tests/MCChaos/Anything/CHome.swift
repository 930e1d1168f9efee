import CMCZmq
import MCTestSupport
import MCZmqABI

/// A context of the C interface.
final class CHome: Sendable {
    private let number: UInt

    var handle: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: number) }

    init(_ chance: inout Chance) {
        let handle = zmq_ctx_new()
        precondition(handle != nil, "no context")
        number = UInt(bitPattern: handle)
        zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(chance.number(1...3)))
        // Sockets do not linger unless they are told to.
        zmq_ctx_set(handle, ZMQ_BLOCKY, 0)
        zmq_ctx_set(handle, ZMQ_IPV6, Int32(chance.number(0...1)))
        zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, Int32(chance.one(20, 1000)))
    }

    /// Ends it, while others may be inside of its sockets.
    ///
    /// - Parameter closeAll: closes its sockets, as far as they are known.
    func end(_ chance: inout Chance, closeAll: () -> Void) {
        if chance.chance(oneIn: 2) { CSubject.note(zmq_ctx_shutdown(handle), "zmq_ctx_shutdown") }
        if chance.chance(oneIn: 2) {
            closeAll()
            terminate()
        } else {
            // Who terminates waits for who closes.
            let thread = JoinedThread { [self] in terminate() }
            closeAll()
            thread.join()
        }
    }

    private func terminate() {
        let isOver = CSubject.note(zmq_ctx_term(handle), "zmq_ctx_term")
        precondition(isOver, "a context does not end")
    }
}
