import CMCZmq
import MCLock

/// Security: what this build has no mechanism for is refused with EINVAL, as libzmq does without CURVE
/// or GSSAPI.
enum SecurityOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_MECHANISM: .read { _ throws(Errno) in .int(ZMQ_NULL) },
        ZMQ_ZAP_DOMAIN: SocketOption(
            get: { socket throws(Errno) in
                .text(socket.extras.withLock { $0.texts[ZMQ_ZAP_DOMAIN] ?? [] })
            },
            set: { socket, input throws(Errno) in
                // It cannot be taken back, as in libzmq.
                guard input.count > 0 else { throw .invalid }
                let domain = try input.text(upTo: 255)
                socket.extras.withLock { $0.texts[ZMQ_ZAP_DOMAIN] = domain.bytes }
            }),
        enforceDomain: .idleFlag(\.enforcesZapDomain),
    ]

    private static let enforceDomain: Int32 = 93
}
