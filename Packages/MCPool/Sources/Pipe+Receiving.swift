import CMCLinux
import MCCodec
import MCMemory
import MCQueue
import Synchronization

/// The way in: what a connection's reader has queued, and what receivers decode for themselves.
extension Pipe {
    /// Takes the next message whole into `message`, whose frames go: one that receivers decode for
    /// themselves, or one that is queued.
    ///
    /// - Returns: false when there is none.
    @inline(__always)
    func receive(into message: inout Message) -> Bool {
        if let decoder = unsafe pointee.unread {
            let found = unsafe take(from: decoder, into: &message)
            if found == .made { return true }
            stopSelfDecoding(found)
        }
        if pointee.conflates { return takeLatest(into: &message) }
        return popReceived(into: &message)
    }

    /// As `receive(into:)`, to memory that holds nothing that is owned, a message of one frame.
    ///
    /// - Returns: false when there is none such; the memory is as it was.
    @inline(__always)
    func receiveWhole(to place: UnsafeMutablePointer<Frame>) -> Bool {
        if let decoder = unsafe pointee.unread {
            let found = unsafe decoder.pointee.nextWhole(into: place)
            if found == .made { return true }
            stopSelfDecoding(found)
        }
        guard !pointee.conflates, unsafe pointee.received.popWhole(to: place) else { return false }
        didReceive()
        return true
    }

    /// Takes a queued message whole.
    @inline(__always)
    func popReceived(into message: inout Message) -> Bool {
        guard pointee.received.pop(into: &message) else { return false }
        if message.headHasMore { receiveRest(of: &message) }
        didReceive()
        return true
    }

    @inline(__always)
    private func take(
        from decoder: UnsafeMutablePointer<FrameDecoder>, into message: inout Message
    ) -> FrameDecoder.Whole {
        unsafe message.withHeadPlace { place in
            unsafe decoder.pointee.nextWhole(into: place)
        }
    }

    @inline(never)
    private func receiveRest(of message: inout Message) {
        // The frames of a message are published together: the rest is there.
        while let frame = pointee.received.pop() {
            let more = frame.hasMore
            message.append(frame)
            if !more { return }
        }
    }

    /// Whether a message can be received.
    func hasMessage() -> Bool {
        if let decoder = unsafe pointee.unread {
            let found = unsafe decoder.pointee.hasWhole()
            if found == .made { return true }
            stopSelfDecoding(found)
        }
        if pointee.conflates { conflateReceived() }
        return !pointee.received.isEmpty || !pointee.latest.isEmpty
    }

    /// What is left is the reader's.
    @inline(never)
    private func stopSelfDecoding(_ found: FrameDecoder.Whole) {
        unsafe pointee.unread = nil
        if let connection = pointee.connection {
            unsafe pointee.engine.selfDecodingEnded(on: connection, found)
        }
    }

    /// A message was taken. Tells whoever waits for room, when there is news for them.
    @inline(__always)
    func didReceive() {
        let credited = pointee.received.creditedMessages
        if credited != pointee.seenCredit { creditChanged(credited) }
    }

    @inline(never)
    private func creditChanged(_ credited: UInt) {
        pointee.seenCredit = credited
        if pointee.pair != nil {
            // The other half of `hasRoom(in:)`: tell of the room, then look who waits.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            if pointee.isProducerWaiting.load(ordering: .relaxed) {
                pointee.isProducerWaiting.store(false, ordering: .relaxed)
                unsafe pointee.engine.markNotice(.room, to: self)
            }
        } else if let connection = pointee.connection, connection.isStalled {
            unsafe pointee.engine.resumeIfRoom(connection)
        }
    }
}
