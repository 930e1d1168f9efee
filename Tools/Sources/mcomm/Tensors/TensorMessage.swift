import MCCodec
import MCFacade

/// A tensor as it travels: a frame with its name (which is the topic under PUB), if it has one,
/// the header, the payload.
struct TensorMessage: ~Copyable {
    var name: String?
    var header: TensorHeader
    var payload: Frame

    /// The frames.
    consuming func encoded() -> Message {
        var message = Message()
        if let name { message.append(Frame(name)) }
        message.append(Frame(header.encoded()))
        message.append(payload)
        return message
    }

    /// Takes a message apart, and checks the payload against the header and its checksum.
    static func decode(_ message: consuming Message) throws -> TensorMessage {
        var name: String?
        if message.count == 3, let first = message.removeFirst() {
            guard let text = first.string else {
                throw Mismatch("a tensor's name that is not UTF-8")
            }
            name = text
        }
        guard message.count == 2, let first = message.removeFirst(),
            let payload = message.removeFirst()
        else {
            throw Mismatch(
                "a message that is no tensor: name, header and payload, or the last two, expected")
        }
        let header = try TensorHeader(decoding: first.bytes)
        try header.check(payload: payload.bytes)
        return TensorMessage(name: name, header: header, payload: payload)
    }
}
