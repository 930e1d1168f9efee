import CMCZmq
import Glibc
import MCPool

/// An error of the C interface: the number that the caller finds in its errno.
struct Errno: Error {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    static let stateMachine = Errno(SocketError.Number.invalidState)
    static let incompatibleProtocol = Errno(SocketError.Number.incompatibleTransport)
    static let terminated = Errno(SocketError.Number.terminated)
    static let noThread = Errno(ZMQ_HAUSNUMERO + 54)
    static let invalid = Errno(EINVAL)
    static let fault = Errno(EFAULT)
    static let noSocket = Errno(ENOTSOCK)

    /// What libzmq says where the engine says `error`.
    init(_ error: SocketError) { number = error.number }
}

/// Sets errno; for `return fail(…)`.
@inline(never)
func fail(_ error: Errno) -> Int32 {
    errno = error.number
    return -1
}

/// As `fail`, for functions that return pointers.
func failNil(_ error: Errno) -> UnsafeMutableRawPointer? {
    errno = error.number
    return nil
}

/// Runs `body`, and says 0, or -1 with errno set.
func result(_ body: () throws(Errno) -> Void) -> Int32 {
    do throws(Errno) {
        try body()
        return 0
    } catch {
        return fail(error)
    }
}

/// Runs a call of the engine.
func engineCall<Result: ~Copyable>(
    _ body: () throws(SocketError) -> Result
) throws(Errno) -> Result {
    do throws(SocketError) {
        return try body()
    } catch {
        throw Errno(error)
    }
}

@c @implementation
public func zmq_errno() -> Int32 { errno }

@c @implementation
public func zmq_strerror(_ errnum: Int32) -> UnsafePointer<CChar>? {
    switch errnum {
    case Errno.stateMachine.number:
        unsafe staticText("Operation cannot be accomplished in current state")
    case Errno.incompatibleProtocol.number:
        unsafe staticText("The protocol is not compatible with the socket type")
    case Errno.terminated.number: unsafe staticText("Context was terminated")
    case Errno.noThread.number: unsafe staticText("No thread available")
    default: unsafe UnsafePointer(strerror(errnum))
    }
}

/// Text that lies in the library for good.
func staticText(_ text: StaticString) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
