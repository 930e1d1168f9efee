import CMCZmq
import MCLock

/// Security: what this build has no mechanism for is refused with EINVAL, as libzmq does without CURVE
/// or GSSAPI.
enum SecurityOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_MECHANISM: .read { _ throws(Errno) in .int(ZMQ_NULL) },
        ZMQ_ZAP_DOMAIN: SocketOption(
            get: { socket throws(Errno) in .text(socket.extras.withLock { $0.zapDomain }) },
            set: { socket, input throws(Errno) in
                let domain = try input.text(upTo: 255, isEmptyAllowed: true)
                socket.extras.withLock { $0.zapDomain = domain }
            }),
        enforceDomain: .idle(\.enforcesZapDomain, 0...1),
    ]

    private static let enforceDomain: Int32 = 93
}
