import MCCodec
public import MCMemory
public import MCPool

/// Where messages come from.
extension Frame {
    /// The peer that the frame was received from (zmq_msg_gets(3)): its address, socket type, routing id
    /// and whatever it said of itself. nil for a frame that was made here or came from a socket of this
    /// process, and for one from a peer that has been gone for long.
    public var peer: PeerDescription? { PeerDirectory.peer(source) }
}

extension Message {
    /// The peer that the message was received from; see `Frame.peer`.
    public borrowing func peer() -> PeerDescription? {
        isEmpty ? nil : withFrame(0) { $0.peer }
    }
}

extension SocketOptions {
    func checkMetadata() throws(SocketError) {
        // Both together must fit the READY command.
        var bytes = 0
        var properties = Metadata()
        for (name, value) in metadata {
            guard name.hasPrefix("X-") else {
                throw SocketError(
                    .invalidOption, "metadata of one's own begins with X-, and \(name) does not")
            }
            do throws(CodecError) {
                try properties.append(name, Array(value.utf8))
            } catch {
                throw SocketError(.invalidOption, error.message)
            }
            bytes += name.utf8.count + value.utf8.count
        }
        guard bytes <= SocketOptions.metadataBytes else {
            throw SocketError(
                .invalidOption,
                "metadata of \(bytes) bytes is more than the \(SocketOptions.metadataBytes) allowed"
            )
        }
    }

    /// How much metadata a socket may have, names and values together.
    static let metadataBytes = 4096
}
