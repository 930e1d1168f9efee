import CMCLinux
import MCCodec
import MCLock
import MCMemory
import MCQueue
import MCTransport
import Synchronization

/// A reading turn: what a connection does while its socket's reader is at it.
extension Connection {
    /// A turn decodes so many messages, or reads so many bytes, before the others come.
    static let messagesPerTurn = 512
    static let bytesPerTurn = 1 << 20
    /// Behind so many bytes, and a kernel that takes no more, PINGs are not answered.
    static let unreadAnswerBytes = 4 << 10

    /// Reads and decodes until there is no more, the queue is full or the turn is over. Called by
    /// the holder of the reader role, without the lock.
    ///
    /// - Parameter leavesDecoding: receivers are there who decode for themselves, each message when it
    ///   is received: it goes straight into the receiver's message, and its memory is used again
    ///   while it is in the processor's nearest cache.
    func readTurn(leavesDecoding: Bool) {
        guard let pipe, !isEnded, turnError == nil else { return }
        if isRaw {
            readRawTurn(into: pipe)
            return
        }
        turnResult = .waiting
        isDrained = false
        var bytes = 0
        do throws(SocketError) {
            if leavesDecoding, !needsReader, !takesMessages,
                pipe.pointee.received.depth == 0
            {
                // What came with the handshake may be there already.
                var found = unsafe decoder.pointee.hasWhole()
                if found == .needMore, let count = try readOnce() {
                    bytes += count
                    found = unsafe decoder.pointee.isReadingLarge ? .other : .made
                }
                if found == .made {
                    turnResult = .unread
                    return
                }
            }
            while true {
                guard try decode(into: pipe) else { break }
                if turnMessages >= Connection.messagesPerTurn || bytes >= Connection.bytesPerTurn {
                    turnResult = .more
                    break
                }
                guard let count = try readOnce() else { break }
                bytes += count
            }
        } catch {
            turnError = error
            pipe.pointee.received.rollback()
        }
        if turnMessages > 0 { pipe.pointee.received.publish() }
        if turnResult != .more { unsafe decoder.pointee.settle() }
    }

    /// One read into the decoder's room.
    ///
    /// - Returns: nil when there is no more at the moment.
    func readOnce() throws(SocketError) -> Int? {
        let room: UnsafeMutableRawBufferPointer
        do throws(CodecError) {
            unsafe room = try decoder.pointee.prepareRead()
        } catch {
            throw SocketError(error, endpoint: link.peer)
        }
        switch unsafe link.read(into: room) {
        case .bytes(let count):
            unsafe decoder.pointee.didRead(count)
            // Before what was read is decoded: a PING among it starts a time of its own.
            noteArrival()
            // A read that filled its room probably left something behind; a short one did not,
            // and asking again would cost a system call to learn it.
            if count < room.count { isDrained = true }
            return count
        case .wouldBlock:
            isDrained = true
            return nil
        case .end:
            throw SocketError(.closed, "the peer closed the connection", endpoint: link.peer)
        case .failed(let error):
            throw SocketError(
                .systemError, "the connection broke", endpoint: link.peer, errno: error)
        }
    }

    /// Decodes what is there into the pipe's queue.
    ///
    /// - Returns: false when the turn is over.
    private func decode(into pipe: Pipe) throws(SocketError) -> Bool {
        let limit = pipe.pointee.receiveHighWaterMark.load(ordering: .relaxed)
        let byteMark = pipe.pointee.receiveByteMark.load(ordering: .relaxed)
        let takesMessages = takesMessages
        let queue = pipe.pointee.received
        while true {
            if turnMessages >= Connection.messagesPerTurn {
                turnResult = .more
                return false
            }
            if !queue.hasUnfinished, !queue.hasRoom(limit: limit, byteMark: byteMark) {
                turnResult = .stalled
                return false
            }
            if !takesMessages, unsafe decoder.pointee.nextWhole(into: queue.place()) == .made {
                queue.placed(ends: true)
                turnMessages &+= 1
                needsReader = false
                continue
            }
            let next: FrameDecoder.Next
            do throws(CodecError) {
                next = try unsafe decoder.pointee.next()
            } catch {
                throw SocketError(error, endpoint: link.peer)
            }
            switch consume next {
            case .needMore:
                return !isDrained
            case .frame(let frame):
                if takesMessages {
                    takeIn(frame, from: pipe)
                } else {
                    // The next will probably be of its kind.
                    needsReader = true
                    let ends = !frame.hasMore
                    queue.push(frame)
                    if ends { turnMessages &+= 1 }
                }
            case .command(let body):
                try obey(body, from: pipe)
            }
        }
    }

    /// Takes the decoding back from the receivers; the first message, if it is there, is queued. Lock
    /// held, nobody reading.
    func takeDecodingBack(keepingFirst: Bool, from pipe: Pipe) {
        guard unsafe pipe.pointee.unread != nil else { return }
        unsafe pipe.pointee.unread = nil
        let queue = pipe.pointee.received
        guard keepingFirst, unsafe decoder.pointee.nextWhole(into: queue.place()) == .made else {
            return
        }
        queue.placed(ends: true)
        queue.publish()
    }

    /// Queues all whole messages that receivers have not decoded for themselves, for nobody will read
    /// on. Lock held, nobody reading.
    func decodeRest(into pipe: Pipe) {
        guard unsafe pipe.pointee.unread != nil else { return }
        unsafe pipe.pointee.unread = nil
        let queue = pipe.pointee.received
        decoding: while let next = try? unsafe decoder.pointee.next() {
            switch consume next {
            case .needMore: break decoding
            case .frame(let frame): queue.push(frame)
            // Of the connection, which is over.
            case .command: break
            }
        }
        queue.publish()
    }

    /// Whether messages are put together here, and not queued: for a pattern that wants them itself, and
    /// where only the last is kept.
    private var takesMessages: Bool {
        engine.pattern.takesMessages || (pipe?.pointee.conflates ?? false)
    }

    /// Puts a message together.
    private func takeIn(_ frame: consuming Frame, from pipe: Pipe) {
        let more = frame.hasMore
        intake.append(frame)
        if more { return }
        var message = Message()
        swap(&message, &intake)
        engine.lock.lock()
        if pipe.pointee.conflates {
            pipe.keepLatest(message)
            engine.pattern.readable(pipe)
        } else {
            engine.pattern.intake(message, from: pipe)
        }
        engine.wishesChanged()
        engine.settleAndUnlock()
    }

    private func obey(_ body: consuming Frame, from pipe: Pipe) throws(SocketError) {
        let command: Command
        do throws(CodecError) {
            command = try Command(decoding: body.bytes)
        } catch {
            throw SocketError(error, endpoint: link.peer)
        }
        switch command {
        case .subscribe(let prefix): subscription(prefix, add: true, from: pipe)
        case .cancel(let prefix): subscription(prefix, add: false, from: pipe)
        case .join(let group): membership(group, joins: true, of: pipe)
        case .leave(let group): membership(group, joins: false, of: pipe)
        case .ping(let ttlTenths, let context):
            answer(context, on: pipe)
            if ttlTenths > 0 { watchForSilence(ttlTenths: ttlTenths) }
        case .pong, .unknown: break
        case .error(let reason):
            throw SocketError(
                .protocolError,
                "the peer refuses: \(String(decoding: reason.prefix(255), as: UTF8.self))",
                endpoint: link.peer)
        case .ready:
            throw SocketError(
                .protocolError, "the peer sent a second READY", endpoint: link.peer)
        }
    }

    /// Sends a PONG, unless the peer does not even read what waits for it: answers that nobody
    /// takes must not pile up, and what waits tells the peer of us as well as they would.
    private func answer(_ context: [UInt8], on pipe: Pipe) {
        var pong: [UInt8] = []
        Command.encodePong(context: context, into: &pong)
        engine.lock.lock()
        if !pipe.pointee.isBlocked || pipe.pointee.fill.byteCount < Connection.unreadAnswerBytes {
            pipe.writeEncoded(pong)
        }
        engine.settleAndUnlock()
    }

    private func subscription(_ prefix: [UInt8], add: Bool, from pipe: Pipe) {
        engine.lock.lock()
        unsafe prefix.withUnsafeBytes {
            unsafe engine.pattern.subscription($0, add: add, from: pipe)
        }
        engine.wishesChanged()
        engine.settleAndUnlock()
    }

    private func membership(_ group: [UInt8], joins: Bool, of pipe: Pipe) {
        engine.lock.lock()
        unsafe group.withUnsafeBytes {
            unsafe engine.pattern.membership($0, joins: joins, of: pipe)
        }
        engine.settleAndUnlock()
    }

    private func noteArrival() {
        if watchesArrival.load(ordering: .relaxed) {
            lastArrival.store(cmc_now_ns(), ordering: .relaxed)
        }
    }
}
