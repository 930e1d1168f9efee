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
    guard let text = String(validating: input, as: UTF8.self) else { return }
    if let range = try? AddressRange(text) {
        // An address is 4 bytes or 16, whatever its text looks like.
        let numbers = [4, 16].map { [UInt8](repeating: 0xff, count: $0) }
        require(!range.contains([]), "an address without bytes is in a range")
        _ = numbers.map { range.contains($0) }
    }
    guard let endpoint = try? Endpoint(text) else { return }
    let again = try? Endpoint(endpoint.description)
    require(again == endpoint, "an endpoint that does not read back")
}

/// Any split of a proxy's bytes gives the same negotiation. The first byte says how they are split, and
/// whether we have a name.
func fuzzSOCKS(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let whole = negotiate(bytes, step: max(1, bytes.count), hasName: first & 1 != 0)
    let pieces = negotiate(bytes, step: Int(first >> 1) + 1, hasName: first & 1 != 0)
    require(whole == pieces, "the negotiation depends on how its bytes arrive")
}

private struct Negotiated: Equatable {
    var error: TransportError?
    var output: [UInt8] = []
    var consumed = 0
    var isDone = false
}

private func negotiate(_ bytes: [UInt8], step: Int, hasName: Bool) -> Negotiated {
    guard let host = try? Endpoint("tcp://some.name.org:80").hostPort,
        let proxy = try? SOCKSProxy(
            address: "proxy:1080", username: hasName ? "name" : "", password: "password")
    else { fatalError("an endpoint and a proxy that are well formed") }
    var negotiation = SOCKSNegotiation(proxy, to: host)
    var result = Negotiated()
    while result.consumed < bytes.count, !negotiation.isDone {
        let part = Array(bytes[result.consumed..<min(result.consumed + step, bytes.count)])
        do throws(TransportError) {
            let used = try unsafe negotiation.receive(part.span.bytes, output: &result.output)
            require(used == part.count || negotiation.isDone, "bytes that were left without an end")
            result.consumed += used
        } catch {
            // Where a failed negotiation stopped reading says nothing.
            return Negotiated(error: error, output: result.output)
        }
    }
    result.isDone = negotiation.isDone
    return result
}
