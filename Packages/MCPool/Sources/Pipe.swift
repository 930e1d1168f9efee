package import MCMemory
import MCQueue
import CMCLinux
package import MCCodec
import Synchronization

/// What a socket has per peer: the way out and the way in, each with its high-water mark.
///
/// A pipe of a byte stream encodes what is sent into `fill` and the writer role writes `flight`;
/// a pipe between two sockets of one process puts frames straight into the other end's queue.
/// Patterns see only this: send to it, receive from it, whom it leads to.
///
/// - Thread rule: all fields are guarded by the engine's lock, except that `flight` belongs to the
///   holder of the writer role, and `received` to its producer and (under the lock) its consumer.
/// - Ownership: the state lives as long as its `PipeOwner`. An engine's pipes are held by the
///   engine; whoever lets the lock go and comes back holds the owner meanwhile.
@safe
package struct Pipe: Equatable, @unchecked Sendable {
    private let state: UnsafeMutablePointer<PipeState>

    fileprivate init(_ state: UnsafeMutablePointer<PipeState>) { unsafe self.state = state }

    /// The pipe of a number that `Int(bitPattern:)` gave, while that pipe is attached.
    package init?(bitPattern: Int) {
        guard let state = unsafe UnsafeMutablePointer<PipeState>(bitPattern: bitPattern) else {
            return nil
        }
        unsafe self.state = state
    }

    package static func == (left: Pipe, right: Pipe) -> Bool {
        left.bitPattern == right.bitPattern
    }

    package var bitPattern: Int { unsafe Int(bitPattern: state) }

    /// The state in place: an access touches the member that it names and no other, so that the
    /// holders of the roles and of the lock can each be at their own members at once.
    package var pointee: PipeState {
        unsafeAddress { unsafe UnsafePointer(state) }
        nonmutating unsafeMutableAddress { unsafe state }
    }

    /// What is being written: for the holder of the writer role, or of the lock while nobody writes.
    var flight: OutBuffer {
        unsafeAddress { unsafe UnsafePointer(state.pointee.flight) }
        nonmutating unsafeMutableAddress { unsafe state.pointee.flight }
    }

    fileprivate func free() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }
}

@safe
package struct PipeState: ~Copyable {
    /// What has been sent and not launched. Stands first: ThreadSanitizer takes a change of any
    /// member for one of the first, which therefore must be one that only the lock's holder uses.
    var fill = OutBuffer()
    package unowned(unsafe) var engine: SocketEngine
    /// Keeps this state alive; taken out when the pipe is detached.
    var owner: PipeOwner?

    // MARK: The way out
    /// What is being written; see `Pipe.flight`.
    fileprivate let flight: UnsafeMutablePointer<OutBuffer>
    /// Messages in `fill` and `flight`.
    var queuedMessages = 0
    /// Messages that the kernel has taken whole.
    var sentMessages = 0
    var sendHighWaterMark: Int
    /// Bytes that may be queued; 0 means that they are not counted (see `QueueLimits`).
    var sendByteMark: Int
    /// In-process only: what the peer may queue, which is part of the marks. nil until it is there.
    var peerReceives: QueueLimits?
    /// What `flight` held when it was last looked at under the lock.
    var launchedBytes = 0
    /// Somebody holds the writer role.
    var isWriting = false
    /// The kernel takes no more; the I/O thread waits until it does.
    var isBlocked = false
    /// On the engine's list of pipes that have just got something to write.
    var isDirty = false
    /// To be written at once, although a burst is going on; a pipe that is dirty.
    var isDue = false
    /// On the engine's list of pipes that the flusher looks at.
    var isWatched = false
    var quietTicks = 0
    /// The peer took nothing while a sender waited; see `SocketEngine.writeTurn`.
    var isUnpaced = false
    /// The endpoint is being disconnected: what was sent still goes, then the pipe.
    var isLingering = false
    /// What has not left is not wanted any more (LINGER has passed).
    var isDropped = false
    /// No new message may be put in: the peer is gone, or the endpoint is being disconnected.
    package internal(set) var isSendClosed = false

    // MARK: The way in
    let received: FrameQueue
    /// Read by the reader without the lock, and changed under it while the socket is in use.
    let receiveHighWaterMark: Atomic<Int>
    let receiveByteMark: Atomic<Int>
    /// The connection's decoder while it holds bytes that receivers decode for themselves, which they
    /// do under the lock, and only while nobody has the reader role. `received` is empty then.
    var unread: UnsafeMutablePointer<FrameDecoder>?
    /// Nothing more will come; the pipe ends when the queue is empty.
    var isReceiveEnded = false
    /// In-process only: the consumer found the queue empty and wants to be told of the next
    /// message.
    let isAsleep = Atomic<Bool>(true)
    /// On the engine's lists of in-process pipes that were found empty, or full.
    var isNotedQuiet = false
    var isNotedFull = false
    /// In-process only: the producer found the queue full and wants to be told of room.
    let isProducerWaiting = Atomic<Bool>(false)

    /// Only the last message is kept, either way (see `Pipe+Conflating`).
    var conflates = false
    /// The last message, when it has been taken out of the queue before it was received.
    var latest = Message()

    // MARK: Whom it leads to
    /// The stream connection, nil while there is none.
    var connection: Connection?
    /// The dialer that keeps the pipe over reconnects; nil for accepted peers.
    var dialer: Dialer?
    /// The other end in this process.
    var pair: InprocPair?
    var peer: Pipe?
    /// The datagram endpoint.
    var port: DatagramPort?
    package internal(set) var peerSocketType = ""
    /// The protocol version spoken with the peer.
    package internal(set) var peerVersion = ZMTPVersion.v3_1

    // MARK: For patterns
    /// The peer's routing id: as it announced, as the user wants it, or made up by the pattern.
    package var routingID: [UInt8] = []
    /// The user chose the routing id; what the peer announces does not count.
    package var hasChosenRoutingID = false
    /// The peer speaks no ZMTP: what is sent are bytes, and so is what comes.
    package internal(set) var isRaw = false
    /// Dismissed by the user: what comes is thrown away.
    var isDismissed = false
    /// The number that a SERVER or PEER socket knows the peer by; 0 in others.
    package var peerNumber: UInt32 = 0
    package internal(set) var isAttached = false
    /// In-process only: the far end is a socket, not a queue that waits for one.
    var isJoined = false
    /// The queue's credit when it was last looked at.
    var seenCredit: UInt = 0
    /// Where the pipe stands in the pattern's lists; -1 when it does not.
    package var sendIndex = -1
    package var receiveIndex = -1

    init(engine: SocketEngine, sends: QueueLimits, receives: QueueLimits) {
        unsafe self.engine = engine
        sendHighWaterMark = sends.messages
        sendByteMark = sends.bytes
        receiveHighWaterMark = Atomic(receives.messages)
        receiveByteMark = Atomic(receives.bytes)
        unsafe unread = nil
        unsafe flight = .allocate(capacity: 1)
        unsafe flight.initialize(to: OutBuffer())
        // Few messages may be many bytes: the producer is told of each.
        received = FrameQueue.create(creditStep: receives.bytes == 0 ? receives.messages / 4 : 1)
    }

    deinit {
        received.destroy()
        unsafe flight.deinitialize(count: 1)
        unsafe flight.deallocate()
    }
}

/// Owns the states of a pipe, or of both ends of an in-process pair.
package class PipeOwner: @unchecked Sendable {
    fileprivate(set) var pipes: [Pipe] = []

    func make(engine: SocketEngine, sends: QueueLimits, receives: QueueLimits) -> Pipe {
        let state = UnsafeMutablePointer<PipeState>.allocate(capacity: 1)
        unsafe state.initialize(
            to: PipeState(engine: engine, sends: sends, receives: receives))
        let pipe = unsafe Pipe(state)
        pipes.append(pipe)
        return pipe
    }

    deinit {
        for pipe in pipes { pipe.free() }
    }
}

/// A pipe that stays valid across threads: it holds the owner.
struct PipeReference: @unchecked Sendable {
    let pipe: Pipe
    let owner: PipeOwner?
}

// MARK: - Sending

extension PipeState {
    /// How many messages a run may bring; 0 for pipes that take none (see `FanOut`).
    var roomForRun: Int {
        if isSendClosed || peer != nil || conflates || sendByteMark != 0 { return 0 }
        return sendHighWaterMark == 0 ? .max : sendHighWaterMark - queuedMessages
    }

    /// Whether a peer is connected at this moment.
    package var isConnected: Bool { connection != nil || (peer != nil && isJoined) }

    /// Whether the peer is a socket of this process.
    package var isInproc: Bool { pair != nil }

    /// Makes what has been appended the writer's.
    mutating func launch() {
        fill.seal()
        unsafe swap(&fill, &flight.pointee)
        unsafe launchedBytes = flight.pointee.byteCount
    }

    /// Bytes or messages that the kernel has not taken yet.
    var hasUnsent: Bool { unsafe isWriting || !fill.isEmpty || !flight.pointee.isEmpty }
}

extension Pipe {
    /// Whether one more message may go in: the peer is there (or is being dialled) and the
    /// high-water mark is not reached.
    @inline(__always)
    package var hasRoom: Bool {
        if pointee.isSendClosed { return false }
        if let peer = pointee.peer { return hasRoom(in: peer) }
        if pointee.sendByteMark != 0 && !hasByteRoom { return false }
        return pointee.queuedMessages < pointee.sendHighWaterMark
            || pointee.sendHighWaterMark == 0
    }

    @inline(__always)
    private func hasRoom(in peer: Pipe) -> Bool {
        if hasRoomNow(in: peer) { return true }
        unsafe pointee.engine.noteFull(self)
        return false
    }

    /// Whether an in-process pipe can be written to without waiting.
    var hasRoomNow: Bool {
        guard !pointee.isSendClosed, let peer = pointee.peer else { return true }
        return hasRoomNow(in: peer)
    }

    @inline(__always)
    private func hasRoomNow(in peer: Pipe) -> Bool {
        peer.pointee.received.hasRoom(
            limit: pointee.sendHighWaterMark, byteMark: pointee.sendByteMark)
    }

    /// Whether the pipe can take messages but has no room for one now.
    package var isFull: Bool { !pointee.isSendClosed && !hasRoom }

    /// Puts a whole message in. The caller has looked at `hasRoom`.
    @inline(__always)
    package func write(_ message: Outgoing) {
        if pointee.conflates { dropQueued() }
        unsafe writeFrame(
            message.address, count: message.count, frame: message.frame,
            more: message.restCount > 0)
        if message.restCount > 0 { writeRest(message) }
    }

    @inline(never)
    private func writeRest(_ message: Outgoing) {
        guard let rest = unsafe message.rest else { return }
        for index in 0..<message.restCount {
            let frame = unsafe rest + index
            let bytes = unsafe frame.pointee.borrowedBytes(at: frame)
            unsafe writeFrame(
                bytes.baseAddress, count: bytes.count, frame: frame,
                more: index + 1 < message.restCount)
        }
    }

    /// Puts one frame in; the frames of a message follow each other under one lock.
    @inline(__always)
    package func writeFrame(
        _ address: UnsafeRawPointer?, count: Int, frame: UnsafePointer<Frame>?, more: Bool
    ) {
        if pointee.peer != nil {
            unsafe pushToPeer(address, count: count, frame: frame, more: more)
            return
        }
        if pointee.fill.isEmpty || pointee.fill.byteCount >= SocketEngine.flushBytes {
            unsafe pointee.engine.markDirty(self)
        }
        let flags: FrameFlags = more ? .more : []
        if let parts = unsafe referredParts(of: frame, count: count) {
            unsafe pointee.fill.append(
                referring: parts.0, address: parts.1, count: count, flags: flags)
        } else {
            unsafe pointee.fill.append(copying: address, count: count, flags: flags)
        }
        if !more { pointee.queuedMessages &+= 1 }
    }

    /// What is referred to instead of copied: large bodies; and what was lent, while there is nobody to
    /// send it to. That would otherwise be given back at once, and its owner take it for sent.
    @inline(__always)
    private func referredParts(
        of frame: UnsafePointer<Frame>?, count: Int
    ) -> (block: Block, address: UnsafeRawPointer)? {
        guard let parts = unsafe frame?.pointee.sliceParts else { return nil }
        if count >= OutBuffer.gatherBytes { return unsafe parts }
        let isKept = unsafe count > 0 && parts.block.isAdopted && pointee.connection == nil
        return unsafe isKept ? parts : nil
    }

    /// Puts an encoded command in. Commands do not count for the high-water mark.
    package func writeEncoded(_ frame: [UInt8]) {
        guard pointee.peer == nil else { return }
        unsafe pointee.engine.markDirty(self)
        unsafe frame.withUnsafeBytes { unsafe pointee.fill.append(encoded: $0) }
    }

    /// What is shorter is copied to a socket of this process, even where it could be shared: the
    /// count of a block that two threads use costs more.
    private static let copiedBytes = 512

    @inline(never)
    func pushToPeer(
        _ address: UnsafeRawPointer?, count: Int, frame: UnsafePointer<Frame>?, more: Bool
    ) {
        guard let peer = pointee.peer else { return }
        if let frame = unsafe frame, unsafe frame.pointee.isSlice && count > Pipe.copiedBytes {
            var copy = unsafe frame.pointee.copy()
            copy.hasMore = more
            peer.pointee.received.push(copy)
        } else if unsafe !peer.pointee.received.push(
            copying: address, count: count, hasMore: more)
        {
            preconditionFailure("no memory for a frame of \(count) bytes")
        }
        if more { return }
        peer.pointee.received.publish()
        // The consumer says that it sleeps, then looks once more; we publish, then look whether it
        // sleeps. With the fence between, one of the two sees the other.
        cmc_fence_light()
        if peer.pointee.isAsleep.load(ordering: .relaxed) || peer.pointee.conflates {
            peer.pointee.isAsleep.store(false, ordering: .relaxed)
            unsafe pointee.engine.markNotice(.message, to: self)
        }
    }
}
