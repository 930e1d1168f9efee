import MCCodec
import MCSecurity
import MCTransport

/// Any split of the input gives the same handshake. The first byte says how the input is split.
func fuzzHandshake(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let whole = shake(bytes, step: max(1, bytes.count))
    let pieces = shake(bytes, step: Int(first & 0x3F) + 1)
    require(whole.state == pieces.state, "the handshake depends on how its bytes arrive")
    require(whole.output == pieces.output, "the answers depend on how the bytes arrive")
    require(whole.consumed == pieces.consumed, "the end depends on how the bytes arrive")
}

private struct Shaken {
    var state: Handshake.State
    var output: [UInt8]
    var consumed: Int
}

private func shake(_ bytes: [UInt8], step: Int) -> Shaken {
    guard let local = try? LocalPeer(socketType: "ROUTER", identity: [], asServer: false) else {
        fatalError("a ROUTER without an identity is a peer")
    }
    var handshake = Handshake(local: local, mechanism: NullMechanism())
    var output: [UInt8] = []
    var consumed = 0
    while consumed < bytes.count, handshake.state == .inProgress {
        let end = min(consumed + step, bytes.count)
        let part = Array(bytes[consumed..<end])
        guard let used = try? unsafe handshake.receive(part.span.bytes, output: &output) else {
            // Where a failed handshake stopped reading says nothing.
            return Shaken(state: handshake.state, output: output, consumed: 0)
        }
        require(used <= part.count, "more consumed than given")
        consumed += used
        if used < part.count { break }
    }
    return Shaken(state: handshake.state, output: output, consumed: consumed)
}

/// What was decoded encodes to the same meaning.
func fuzzCommands(_ input: [UInt8]) {
    if let command = try? unsafe Command(decoding: input.span.bytes) {
        var encoded: [UInt8] = []
        guard (try? command.encode(into: &encoded)) != nil else { return }
        require(!encoded.isEmpty, "a command without bytes")
    }
    if let subscription = unsafe Subscription(messageBody: input.span.bytes) {
        require(subscription.prefix.count + 1 == input.count, "a prefix of another length")
    }
}

/// A header that was accepted makes sense, and encodes to the same header.
func fuzzTensorHeaders(_ input: [UInt8]) {
    guard let header = try? unsafe TensorHeader(decoding: input.span.bytes) else { return }
    let descriptor = header.descriptor
    require(descriptor.shape.count <= TensorDescriptor.maximumRank, "too many dimensions")
    require(descriptor.shape.allSatisfy { $0 >= 0 }, "a negative dimension")
    require(
        descriptor.elementCount * descriptor.dtype.itemSize == descriptor.byteCount,
        "a size that is not the product of the shape")
    let again = try? unsafe TensorHeader(decoding: header.encoded().span.bytes)
    require(again == header, "a header that does not survive being sent on")
}

/// An endpoint that was accepted reads back as the same endpoint.
func fuzzEndpoints(_ input: [UInt8]) {
    guard let text = String(validating: input, as: UTF8.self),
        let endpoint = try? Endpoint(text)
    else { return }
    let again = try? Endpoint(endpoint.description)
    require(again == endpoint, "an endpoint that does not read back")
}
