import CMCZmq
import Glibc
import MCLock
import MCTestSupport
import MCZmqABI
import Synchronization

// All the ways to send and to receive.
extension CSubject {
    private var isAddressed: Bool { type == ZMQ_ROUTER || type == ZMQ_STREAM }

    private func frame(_ chance: inout Chance) -> [UInt8] {
        var bytes = Scrap.make(chance.size(), &chance)
        // Streams cut frames where they like: nobody is to look for whole ones there.
        if isRaw.load(ordering: .relaxed), !bytes.isEmpty { bytes[0] = 0 }
        return bytes
    }

    // MARK: Sending

    func send(_ chance: inout Chance) {
        let flags = chance.chance(oneIn: 4) ? 0 : ZMQ_DONTWAIT
        if isAddressed {
            let peer = chance.chance(oneIn: 10) ? [9, 9] : lastPeer.withLock { $0 }
            let isTaken = CSubject.note(
                zmq_send(handle, peer, peer.count, flags | ZMQ_SNDMORE), "zmq_send")
            guard isTaken else { return }
        } else if type == ZMQ_XSUB, chance.chance(oneIn: 3) {
            let bytes = [UInt8(chance.number(0...1))] + Array(chance.one("", "a", "M").utf8)
            CSubject.note(zmq_send(handle, bytes, bytes.count, flags), "zmq_send")
            return
        }
        for _ in 0..<chance.one(0, 0, 0, 1, 4) { sendFrame(flags | ZMQ_SNDMORE, &chance) }
        // Now and then a message is left unfinished.
        if !chance.chance(oneIn: 20) { sendFrame(flags, &chance) }
    }

    private func sendFrame(_ flags: Int32, _ chance: inout Chance) {
        let bytes = frame(&chance)
        switch chance.number(0...4) {
        case 0, 1: CSubject.note(zmq_send(handle, bytes, bytes.count, flags), "zmq_send")
        case 2:
            bytes.withUnsafeBufferPointer { bytes in
                var vector = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count)
                // Of a single one the flag means nothing.
                CSubject.note(zmq_sendiov(handle, &vector, 1, flags), "zmq_sendiov")
            }
        default: sendMessage(bytes, flags, &chance)
        }
    }

    private func sendMessage(_ bytes: [UInt8], _ flags: Int32, _ chance: inout Chance) {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        defer { message.deallocate() }
        if chance.chance(oneIn: 2) {
            CSubject.note(zmq_msg_init_size(message, bytes.count), "zmq_msg_init_size")
            fill(zmq_msg_data(message), bytes)
        } else {
            lend(bytes, to: message)
        }
        if chance.chance(oneIn: 5) { sendCopy(of: message, flags) }
        let isSent = CSubject.note(
            chance.chance(oneIn: 4)
                ? zmq_sendmsg(handle, message, flags) : zmq_msg_send(message, handle, flags),
            "zmq_msg_send")
        if !isSent || chance.chance(oneIn: 2) { zmq_msg_close(message) }
    }

    private func fill(_ memory: UnsafeMutableRawPointer?, _ bytes: [UInt8]) {
        UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyBytes(from: bytes)
    }

    /// Memory that comes back when nobody needs it any more.
    private func lend(_ bytes: [UInt8], to message: UnsafeMutablePointer<zmq_msg_t>) {
        let memory = malloc(max(1, bytes.count))
        fill(memory, bytes)
        Scrap.lent.add(1, ordering: .relaxed)
        let result = zmq_msg_init_data(
            message, memory, bytes.count,
            { memory, _ in
                free(memory)
                Scrap.lent.subtract(1, ordering: .relaxed)
            }, nil)
        precondition(result == 0)
    }

    private func sendCopy(of message: UnsafeMutablePointer<zmq_msg_t>, _ flags: Int32) {
        let copy = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        defer { copy.deallocate() }
        zmq_msg_init(copy)
        CSubject.note(zmq_msg_copy(copy, message), "zmq_msg_copy")
        if !CSubject.note(zmq_msg_send(copy, handle, flags), "zmq_msg_send") { zmq_msg_close(copy) }
    }

    // MARK: Receiving

    func receive(_ chance: inout Chance) {
        let flags = chance.chance(oneIn: 4) ? 0 : ZMQ_DONTWAIT
        for place in 0..<chance.number(1...5) {
            let isThere =
                switch chance.number(0...5) {
                case 0: receiveVectors(flags)
                case 1, 2: receiveBuffer(flags, isFirst: place == 0)
                default: receiveMessage(flags, isFirst: place == 0, &chance)
                }
            guard isThere else { return }
        }
    }

    private func look(at bytes: UnsafeRawBufferPointer, isFirst: Bool) {
        if isFirst, isAddressed { lastPeer.withLock { $0 = Array(bytes.prefix(255)) } }
        if !isRaw.load(ordering: .relaxed) { Scrap.check(bytes, name) }
    }

    private func receiveBuffer(_ flags: Int32, isFirst: Bool) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = zmq_recv(handle, &bytes, bytes.count, flags)
        guard CSubject.note(count, "zmq_recv") else { return false }
        // A longer one is cut.
        if count <= bytes.count {
            bytes.withUnsafeBytes { look(at: .init(rebasing: $0[..<Int(count)]), isFirst: isFirst) }
        }
        return true
    }

    private func receiveMessage(
        _ flags: Int32, isFirst: Bool, _ chance: inout Chance
    ) -> Bool {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 2)
        defer {
            zmq_msg_close(message)
            zmq_msg_close(message + 1)
            message.deallocate()
        }
        zmq_msg_init(message)
        zmq_msg_init(message + 1)
        let count =
            chance.chance(oneIn: 4)
            ? zmq_recvmsg(handle, message, flags) : zmq_msg_recv(message, handle, flags)
        guard CSubject.note(count, "zmq_msg_recv") else { return false }
        precondition(Int(count) == zmq_msg_size(message), "\(name): a size that is none")
        look(
            at: UnsafeRawBufferPointer(
                start: zmq_msg_data(message), count: zmq_msg_size(message)), isFirst: isFirst)
        switch chance.number(0...7) {
        case 0: CSubject.note(zmq_msg_copy(message + 1, message), "zmq_msg_copy")
        case 1: CSubject.note(zmq_msg_move(message + 1, message), "zmq_msg_move")
        case 2: _ = zmq_msg_gets(message, chance.one("Socket-Type", "Peer-Address", "X-a", ""))
        case 3: _ = zmq_msg_get(message, Int32(chance.number(0...4)))
        default: break
        }
        return true
    }

    private func receiveVectors(_ flags: Int32) -> Bool {
        var vectors = [iovec](repeating: iovec(), count: 3)
        var count = vectors.count
        let result = zmq_recviov(handle, &vectors, &count, flags)
        // Also of a call that failed behind some.
        for vector in vectors { free(vector.iov_base) }
        return CSubject.note(result, "zmq_recviov")
    }
}
