import Glibc

extension SocketError {
    /// The error numbers that ZeroMQ has on top of the operating system's (the `zmq.h` header of
    /// libzmq, which begins to count at 156384712).
    public enum Number {
        /// The operation does not fit the socket's state.
        public static let invalidState: Int32 = 156_384_712 + 51
        /// The transport is not for sockets of this type.
        public static let incompatibleTransport: Int32 = 156_384_712 + 52
        /// The context was closed.
        public static let terminated: Int32 = 156_384_712 + 53
    }

    /// The number that libzmq's functions leave in `errno` for this error: the operating system's
    /// where a call of it failed, else what stands for the code. Never 0.
    public var number: Int32 { errno != 0 ? errno : code.number }
}

extension SocketError.Code {
    /// What libzmq calls it.
    fileprivate var number: Int32 {
        switch self {
        case .wouldBlock, .timedOut: EAGAIN
        case .closed: ENOTSOCK
        case .terminated: SocketError.Number.terminated
        case .invalidState: SocketError.Number.invalidState
        case .notSupported, .mixedReceiveStyles: ENOTSUP
        case .invalidEndpoint, .invalidOption, .invalidMessage: EINVAL
        case .unsupportedTransport: EPROTONOSUPPORT
        case .incompatibleTransport: SocketError.Number.incompatibleTransport
        case .addressInUse: EADDRINUSE
        case .addressNotAvailable: EADDRNOTAVAIL
        case .hostUnreachable: EHOSTUNREACH
        case .tooManyDescriptors: EMFILE
        case .outOfMemory: ENOMEM
        case .interrupted, .cancelled: EINTR
        case .protocolError: EPROTO
        default: EIO
        }
    }
}
