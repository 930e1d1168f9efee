import CMCZmq
import Glibc
import MCLock
import MCTestSupport
import MCZmqABI
import Synchronization

/// A socket behind the C interface, used as a C program uses one.
final class CSubject: Subject {
    let home: ObjectIdentifier
    let name: String
    let type: Int32
    private let number: UInt
    /// It hands bytes out as they come, and not in frames.
    let isRaw: Atomic<Bool>
    /// Who sent something last.
    let lastPeer = Locked<[UInt8]>([])

    var speaksDatagrams: Bool { false }
    var handle: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: number) }

    /// - Returns: nil where there is no such type, or the context is over.
    init?(_ context: CHome, type: Int32, _ chance: inout Chance) {
        self.type = type
        guard let handle = zmq_socket(context.handle, type) else {
            CSubject.note(-1, "zmq_socket")
            return nil
        }
        home = ObjectIdentifier(context)
        name = "C \(type)"
        number = UInt(bitPattern: handle)
        isRaw = Atomic(type == ZMQ_STREAM)
        // Nothing waits for ever, or nearly so: whoever does is woken when the socket is closed.
        set(ZMQ_LINGER, Int32(chance.one(0, 0, 1, 20)))
        set(ZMQ_SNDTIMEO, Int32(chance.one(of: Worker.timeouts)))
        set(ZMQ_RCVTIMEO, Int32(chance.one(of: Worker.timeouts)))
        set(ZMQ_RECONNECT_IVL, Int32(chance.one(1, 10, 100)))
        if type == ZMQ_SUB, !chance.chance(oneIn: 4) {
            zmq_setsockopt(handle, ZMQ_SUBSCRIBE, "", 0)
        }
    }

    // MARK: What calls answer

    /// How often each call failed, and why.
    static let failures = Locked<[String: Int]>([:])

    /// A call that fails must say why.
    @discardableResult
    static func note(_ result: Int32, _ call: String) -> Bool {
        guard result < 0 else { return true }
        let error = errno
        precondition(error != 0, "\(call) fails without a reason")
        let number = error > ZMQ_HAUSNUMERO ? error - ZMQ_HAUSNUMERO + 1000 : error
        failures.withLock { $0["\(call):\(number)", default: 0] += 1 }
        return false
    }

    // MARK: Endpoints

    func bind(_ endpoint: String) { CSubject.note(zmq_bind(handle, endpoint), "zmq_bind") }
    func connect(_ endpoint: String) { CSubject.note(zmq_connect(handle, endpoint), "zmq_connect") }
    func unbind(_ endpoint: String) { CSubject.note(zmq_unbind(handle, endpoint), "zmq_unbind") }

    func disconnect(_ endpoint: String) {
        CSubject.note(zmq_disconnect(handle, endpoint), "zmq_disconnect")
    }

    var lastEndpoint: String {
        var buffer = [CChar](repeating: 0, count: 256)
        var size = buffer.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else { return "" }
        return String(
            decoding: buffer.prefix(max(0, size - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func close() { CSubject.note(zmq_close(handle), "zmq_close") }

    // MARK: More

    func special(_ world: World, _ chance: inout Chance) {
        switch chance.number(0...9) {
        case 0...2: startMonitor(world, &chance)
        case 3: CSubject.note(zmq_socket_monitor(handle, nil, 0), "zmq_socket_monitor")
        case 4...5: watchDescriptor(&chance)
        default: runProxy(world, &chance)
        }
    }

    private func startMonitor(_ world: World, _ chance: inout Chance) {
        let endpoint = "inproc://monitor-\(chance.number(0...5))"
        let events = Int32(chance.one(Int(ZMQ_EVENT_ALL), 0, chance.number(0...0xFFFF)))
        let isMade = CSubject.note(
            zmq_socket_monitor(handle, endpoint, events), "zmq_socket_monitor")
        guard isMade, let reader = world.openInC(type: ZMQ_PAIR, &chance) else { return }
        // It reads what it likes, or nothing.
        reader.connect(endpoint)
    }

    /// As a foreign event loop does; the number may be somebody else's by now.
    private func watchDescriptor(_ chance: inout Chance) {
        var descriptor: Int32 = -1
        var size = 4
        guard
            CSubject.note(
                zmq_getsockopt(handle, ZMQ_FD, &descriptor, &size), "zmq_getsockopt FD")
        else { return }
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&item, 1, Int32(chance.number(0...20)))
    }

    /// Passes on between two sockets, until one of them or a context ends.
    private func runProxy(_ world: World, _ chance: inout Chance) {
        guard let other = world.anyInC(&chance) else { return }
        let capture = chance.chance(oneIn: 3) ? world.anyInC(&chance) : nil
        let control = chance.chance(oneIn: 2) ? world.anyInC(&chance) : nil
        world.startThread("proxy \(name) \(other.name)") { [self] in
            CSubject.note(
                zmq_proxy_steerable(
                    handle, other.handle, capture?.handle, control?.handle), "zmq_proxy")
        }
    }
}
