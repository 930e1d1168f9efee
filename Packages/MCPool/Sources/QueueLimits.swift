import MCQueue
import Synchronization

/// What may wait in a queue, in messages and in bytes: the high-water marks. 0 means no limit.
struct QueueLimits: Equatable {
    var messages: Int
    var bytes: Int

    /// As it is when the bytes' mark is shared out.
    func shared(_ share: (Int) -> Int) -> QueueLimits {
        QueueLimits(messages: messages, bytes: share(bytes))
    }

    /// Both ends' of a queue within the process. In messages as in libzmq: none when one of them has
    /// none. In bytes a socket that has no mark leaves it to the other.
    static func + (one: QueueLimits, other: QueueLimits) -> QueueLimits {
        let isUnlimited = one.messages == 0 || other.messages == 0
        return QueueLimits(
            messages: isUnlimited ? 0 : one.messages + other.messages,
            bytes: one.bytes + other.bytes)
    }
}

extension EngineOptions {
    var sendLimits: QueueLimits {
        QueueLimits(messages: sendHighWaterMark, bytes: sendHighWaterBytes)
    }
    var receiveLimits: QueueLimits {
        QueueLimits(messages: receiveHighWaterMark, bytes: receiveHighWaterBytes)
    }
}

/// How a mark in bytes is shared out: what one peer may make this end hold. Sending, three quarters are
/// for what is queued and one for the kernel's buffer; receiving, one half is for the queue, one quarter
/// for what has been read and not decoded, and one for the kernel's buffer. A queue takes a message while
/// it is below its mark, so that any message can be sent: the bound is the mark and one message.
enum ByteMarks {
    /// From here on a quarter is more than the kernel takes by itself (tcp(7): 4 MiB and 6 MiB).
    static let unsizedKernel = 32 << 20
    /// Less than this is not read at once.
    static let smallestRead = 8 << 10

    static func sending(_ mark: Int) -> Int { mark == 0 ? 0 : max(1, mark - mark / 4) }
    static func receiving(_ mark: Int) -> Int { mark == 0 ? 0 : max(1, mark / 2) }

    /// The kernel's buffer; nil leaves it to the system. The kernel doubles what it is told, for what
    /// it keeps beside the bytes (socket(7)), and a unix socket takes one more piece of up to half of that
    /// when it is all but full.
    static func kernelBuffer(_ mark: Int) -> Int? {
        mark == 0 || mark >= unsizedKernel ? nil : max(1, mark / 12)
    }

    /// What may be read at once; nil for no limit.
    static func read(_ mark: Int) -> Int? { mark == 0 ? nil : max(smallestRead, mark / 4) }
}

extension Pipe {
    /// Takes the marks over from the socket's options. Lock held.
    func setLimits(_ options: EngineOptions) {
        if pointee.conflates { return }
        guard pointee.peer != nil else {
            setSending(options.sendLimits.shared(ByteMarks.sending))
            let receives = options.receiveLimits.shared(ByteMarks.receiving)
            pointee.receiveHighWaterMark.store(receives.messages, ordering: .relaxed)
            pointee.receiveByteMark.store(receives.bytes, ordering: .relaxed)
            return
        }
        // Until somebody is there it is this socket's alone.
        setSending(pointee.peerReceives.map { options.sendLimits + $0 } ?? options.sendLimits)
    }

    private func setSending(_ limits: QueueLimits) {
        pointee.sendHighWaterMark = limits.messages
        pointee.sendByteMark = limits.bytes
    }

    /// Whether the bytes that have not left are below the mark.
    @inline(never)
    var hasByteRoom: Bool {
        pointee.fill.byteCount + pointee.launchedBytes < pointee.sendByteMark
    }

    /// Whether half of what may wait does.
    var isHalfFull: Bool {
        let limit = pointee.sendHighWaterMark
        if limit > 0 && pointee.queuedMessages &* 2 >= limit { return true }
        return pointee.sendByteMark > 0
            && (pointee.fill.byteCount + pointee.launchedBytes) * 2 >= pointee.sendByteMark
    }

    /// Whether one more message of the peer's may be queued. For the queue's producer.
    ///
    /// - Parameter extra: how many may wait beyond the high-water mark.
    func hasRoomToReceive(extra: Int = 0) -> Bool {
        let limit = pointee.receiveHighWaterMark.load(ordering: .relaxed)
        return pointee.received.hasRoom(
            limit: limit == 0 ? 0 : limit + extra,
            byteMark: pointee.receiveByteMark.load(ordering: .relaxed))
    }

    /// Whether so much has been received that reading can go on. Lock held, nobody reading.
    var hasMuchRoomToReceive: Bool {
        let limit = pointee.receiveHighWaterMark.load(ordering: .relaxed)
        let mark = pointee.receiveByteMark.load(ordering: .relaxed)
        return (limit == 0 || pointee.received.depth <= limit / 2)
            && (mark == 0 || pointee.received.waitingBytes <= mark / 2)
    }
}
