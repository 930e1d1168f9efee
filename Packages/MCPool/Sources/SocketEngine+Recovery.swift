import MCMemory

/// What a connection had not sent when it ended.
extension SocketEngine {
    /// Whether nobody takes what the dead connection did not.
    func dropsUnsent(of pipe: Pipe) -> Bool {
        // Bytes of a stream that has broken off are of use to nobody.
        pipe.pointee.isRaw || (!pattern.takesUnsentBack && !pipe.pointee.isLingering)
    }

    /// Gives what the dead connection did not take back to the pattern. Lock held, nobody writing.
    func recover(_ pipe: Pipe) {
        guard !pipe.pointee.isWriting, pipe.pointee.hasUnsent else { return }
        if dropsUnsent(of: pipe) {
            discard(pipe.takeFlight())
            wakeSenders()
            // What was sent after the end is for the next connection, which may be there already.
            if pipe.pointee.connection != nil { markDirty(pipe) }
            return
        }
        let messages = pipe.takeUnsent()
        guard !messages.isEmpty else { return }
        defer { discard(messages) }
        if pipe.pointee.isLingering {
            // The socket, or the endpoint, is being closed: nobody else takes over.
            if pipe.pointee.dialer != nil { pipe.restore(messages) }
            return
        }
        pattern.giveBack(messages, from: pipe)
        wakeSenders()
    }
}

extension Pipe {
    /// Puts messages that came back into the pipe again, for its next connection.
    package func restore(_ messages: [Recovered]) {
        for message in messages {
            message.withMessage { message in
                Outgoing.withMessage(message) { write($0) }
            }
        }
    }

    /// Takes out what has not left, to be let go or sent to others. Lock held, nobody writing.
    func takeUnsent() -> [Recovered] { takeFlight() + takeFill() }

    /// The part of it that was being written.
    func takeFlight() -> [Recovered] {
        pointee.queuedMessages -= flight.messageCount
        pointee.launchedBytes = 0
        return pointee.isRaw ? flight.takeUnsentBytes() : flight.takeUnsentMessages()
    }

    /// The part of it that was not; also while somebody writes.
    func takeFill() -> [Recovered] {
        pointee.queuedMessages -= pointee.fill.messageCount
        return pointee.isRaw ? pointee.fill.takeUnsentBytes() : pointee.fill.takeUnsentMessages()
    }
}
