import MCCodec
import MCMemory
import MCQueue
import MCTransport
import Synchronization

/// A reading turn on a link on which no ZMTP is spoken.
extension Connection {
    /// What one message holds at most: what libzmq reads at once, and its users have room for.
    static let bytesPerMessage = 8 << 10

    /// Reads, and queues what comes as messages of one frame, until there is no more, the queue is full
    /// or the turn is over. Called by the holder of the reader role, without the lock.
    func readRawTurn(into pipe: Pipe) {
        turnResult = .waiting
        isDrained = false
        var bytes = 0
        do throws(SocketError) {
            while try queueBytes(into: pipe) {
                if bytes >= Connection.bytesPerTurn {
                    turnResult = .more
                    break
                }
                guard let count = try readOnce() else { break }
                bytes += count
            }
        } catch {
            turnError = error
        }
        if turnMessages > 0 { pipe.pointee.received.publish() }
        if turnResult != .more { unsafe decoder.pointee.settle() }
    }

    /// Queues what has been read.
    ///
    /// - Returns: false when the turn is over.
    private func queueBytes(into pipe: Pipe) throws(SocketError) -> Bool {
        let queue = pipe.pointee.received
        while unsafe decoder.pointee.hasBuffered {
            if turnMessages >= Connection.messagesPerTurn {
                turnResult = .more
                return false
            }
            if !pipe.hasRoomToReceive() {
                turnResult = .stalled
                return false
            }
            let found = unsafe decoder.pointee.nextBytes(
                into: queue.place(), atMost: Connection.bytesPerMessage)
            guard found == .made else {
                throw SocketError(
                    .outOfMemory, "no memory for what the peer sends", endpoint: link.peer)
            }
            queue.placed(ends: true)
            turnMessages += 1
        }
        return !isDrained
    }
}
