import CMCZmq
import Glibc
import MCPool

/// An error of the C interface: the number that the caller finds in its errno.
struct Errno: Error {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    static let stateMachine = Errno(ZMQ_HAUSNUMERO + 51)
    static let incompatibleProtocol = Errno(ZMQ_HAUSNUMERO + 52)
    static let terminated = Errno(ZMQ_HAUSNUMERO + 53)
    static let noThread = Errno(ZMQ_HAUSNUMERO + 54)
    static let invalid = Errno(EINVAL)
    static let fault = Errno(EFAULT)
    static let noSocket = Errno(ENOTSOCK)

    /// What libzmq says where the engine says `error`.
    init(_ error: SocketError) {
        switch error.code {
        case .wouldBlock, .timedOut: number = EAGAIN
        case .closed: number = ENOTSOCK
        case .terminated: number = Errno.terminated.number
        case .invalidState: number = Errno.stateMachine.number
        case .notSupported: number = ENOTSUP
        case .invalidEndpoint: number = error.errno != 0 ? error.errno : EINVAL
        case .unsupportedTransport: number = error.errno != 0 ? error.errno : EPROTONOSUPPORT
        case .incompatibleTransport: number = Errno.incompatibleProtocol.number
        case .addressInUse: number = EADDRINUSE
        case .addressNotAvailable: number = error.errno != 0 ? error.errno : EADDRNOTAVAIL
        case .invalidOption, .invalidMessage, .mixedReceiveStyles: number = EINVAL
        case .hostUnreachable: number = EHOSTUNREACH
        case .tooManyDescriptors: number = error.errno != 0 ? error.errno : EMFILE
        case .outOfMemory: number = ENOMEM
        case .interrupted: number = EINTR
        default: number = error.errno != 0 ? error.errno : EINVAL
        }
    }
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
