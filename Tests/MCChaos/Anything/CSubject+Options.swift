import CMCZmq
import Glibc
import MCTestSupport
import MCZmqABI
import Synchronization

// Options of a C socket, those that there are and others.
extension CSubject {
    @discardableResult
    func set(_ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return CSubject.note(zmq_setsockopt(handle, option, &value, 4), "zmq_setsockopt")
    }

    private func set(_ option: Int32, _ bytes: [UInt8]) {
        CSubject.note(zmq_setsockopt(handle, option, bytes, bytes.count), "zmq_setsockopt")
    }

    /// Options with a number, and some that they may have.
    private static let numbers: [(option: Int32, values: [Int])] = [
        (ZMQ_SNDHWM, [0, 1, 2, 10, 1000]), (ZMQ_RCVHWM, [0, 1, 2, 10, 1000]),
        (ZMQ_LINGER, [0, 0, 1, 20]), (ZMQ_SNDTIMEO, Worker.timeouts),
        (ZMQ_RCVTIMEO, Worker.timeouts), (ZMQ_SNDBUF, [-1, 1, 4096, 65536]),
        (ZMQ_RCVBUF, [-1, 1, 4096, 65536]), (ZMQ_RECONNECT_IVL, [-1, 0, 1, 10, 100]),
        (ZMQ_RECONNECT_IVL_MAX, [0, 1, 50]), (ZMQ_BACKLOG, [0, 1, 100]),
        (ZMQ_IMMEDIATE, [0, 1]), (ZMQ_IPV6, [0, 1]), (ZMQ_TCP_KEEPALIVE, [-1, 0, 1]),
        (ZMQ_TCP_KEEPALIVE_CNT, [-1, 1, 100, 1000]), (ZMQ_TCP_KEEPALIVE_IDLE, [-1, 1, 100_000]),
        (ZMQ_TCP_KEEPALIVE_INTVL, [-1, 1, 100_000]), (ZMQ_TOS, [0, 16, 255, 100_000]),
        (ZMQ_HANDSHAKE_IVL, [0, 1, 50, 1000]), (ZMQ_HEARTBEAT_IVL, [0, 1, 10, 100]),
        (ZMQ_HEARTBEAT_TTL, [0, 100, 1000]), (ZMQ_HEARTBEAT_TIMEOUT, [-1, 0, 1, 10, 1000]),
        (ZMQ_CONNECT_TIMEOUT, [0, 1, 50]), (ZMQ_TCP_MAXRT, [0, 1, 1000]), (ZMQ_CONFLATE, [0, 1]),
        (ZMQ_ROUTER_MANDATORY, [0, 1]), (ZMQ_ROUTER_RAW, [0, 0, 1]), (ZMQ_ROUTER_HANDOVER, [0, 1]),
        (ZMQ_PROBE_ROUTER, [0, 1]), (ZMQ_REQ_CORRELATE, [0, 1]), (ZMQ_REQ_RELAXED, [0, 1]),
        (ZMQ_XPUB_VERBOSE, [0, 1]), (ZMQ_XPUB_VERBOSER, [0, 1]), (ZMQ_XPUB_NODROP, [0, 1]),
        (ZMQ_XPUB_MANUAL, [0, 1]), (ZMQ_STREAM_NOTIFY, [0, 1]), (ZMQ_INVERT_MATCHING, [0, 1]),
        (ZMQ_IPC_FILTER_PID, [1, Int(getpid())]), (ZMQ_IPC_FILTER_UID, [0, 1]),
        // ZMQ_RECONNECT_STOP, which stable builds answer.
        (109, [0, 1, 2, 4, 7]),
    ]

    func change(_ chance: inout Chance) {
        switch chance.number(0...9) {
        case 0...5:
            let (option, values) = chance.one(of: CSubject.numbers)
            let value = Int32(clamping: chance.one(of: values))
            if option == ZMQ_ROUTER_RAW, value != 0 { isRaw.store(true, ordering: .relaxed) }
            set(option, value)
        case 6...8: setBytes(&chance)
        default: setRubbish(&chance)
        }
    }

    private func setBytes(_ chance: inout Chance) {
        let prefix = Array(chance.one("", "a", "b", "M", "MCM").utf8)
        switch chance.number(0...9) {
        case 0...2: set(ZMQ_SUBSCRIBE, prefix)
        case 3...4: set(ZMQ_UNSUBSCRIBE, prefix)
        case 5: set(ZMQ_ROUTING_ID, Array(chance.one("", "x", "y", "peer").utf8))
        case 6: set(ZMQ_CONNECT_ROUTING_ID, Array(chance.one("x", "y", "peer").utf8))
        case 7: set(ZMQ_XPUB_WELCOME_MSG, prefix)
        case 8: set(ZMQ_TCP_ACCEPT_FILTER, Array(chance.one("127.0.0.0/8", "10.1.0.0/16", "").utf8))
        default:
            set(chance.one(ZMQ_BINDTODEVICE, 95), Array(chance.one("lo", "X-a:b", "nothing").utf8))
        }
    }

    /// Any number, any size, any bytes; but nothing that would have it wait, or take a descriptor that
    /// is not its own.
    private func setRubbish(_ chance: inout Chance) {
        let option = Int32(chance.number(-2...130))
        guard ![ZMQ_LINGER, ZMQ_USE_FD, ZMQ_ROUTER_RAW].contains(option) else { return }
        let bytes = (0..<chance.number(0...40)).map { _ in
            UInt8(chance.number(0...3) == 0 ? chance.number(0...255) : 0)
        }
        set(option, bytes)
    }

    func look(_ chance: inout Chance) {
        var bytes = [UInt8](repeating: 0, count: 512)
        var size = chance.one(4, 8, 32, 512)
        let option = Int32(
            chance.chance(oneIn: 2) ? chance.number(-2...130) : Int(ZMQ_EVENTS))
        CSubject.note(zmq_getsockopt(handle, option, &bytes, &size), "zmq_getsockopt")
    }
}
