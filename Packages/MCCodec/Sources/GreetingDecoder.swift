/// Reads the peer's greeting, in whatever pieces it comes, and complains at the first byte that
/// cannot belong to one: a peer that speaks something else is known before it has sent 64 bytes.
public struct GreetingDecoder: Sendable {
    /// What came so far; never more than one greeting.
    private var bytes: [UInt8] = []

    /// A decoder that waits for the first byte.
    public init() {}

    /// The greeting, once all of its bytes are there.
    public private(set) var greeting: Greeting?

    /// Takes what belongs to the greeting from the front of `input` and returns how many bytes
    /// that were; what follows belongs to the handshake. Throws `notZMTP`, `peerSpeaksZMTP1`,
    /// `peerSpeaksZMTP2`, `invalidMechanismName` or `malformedGreeting`, after which the
    /// decoder is of no more use.
    public mutating func receive(_ input: RawSpan) throws(CodecError) -> Int {
        var consumed = 0
        while consumed < input.byteCount, bytes.count < Greeting.byteCount {
            bytes.append(input[octet: consumed])
            consumed += 1
            try checkLast()
        }
        if bytes.count == Greeting.byteCount, greeting == nil {
            let name = bytes[12..<32].prefix { $0 != 0 }
            greeting = try Greeting(
                version: ZMTPVersion(major: bytes[10], minor: bytes[11]),
                mechanism: String(decoding: name, as: UTF8.self),
                asServer: bytes[32] == 1)
        }
        return consumed
    }

    /// Checks the byte that came last against those before it.
    private func checkLast() throws(CodecError) {
        let index = bytes.count - 1
        let octet = bytes[index]
        switch index {
        case 0:
            // A ZMTP 1.0 peer begins with the length of its identity's frame, which counts the
            // flags and so is at least 1. Which it is, the second byte tells.
            if octet == 0 { throw notZMTP() }
        case 1:
            // Its flags follow, which are zero; text, TLS and HTTP have something else there.
            if bytes[0] != 0xff { throw octet == 0 ? CodecError(.peerSpeaksZMTP1) : notZMTP() }
        case 9:
            if octet == 0x7f { return }
            // ZMTP 1.0 with an identity of 255 bytes writes its length, 256, in the long form.
            let isLongIdentity = octet == 0 && bytes[1...8].elementsEqual([0, 0, 0, 0, 0, 0, 1, 0])
            throw isLongIdentity ? CodecError(.peerSpeaksZMTP1) : notZMTP()
        case 10:
            // RFC 37, "Backwards Interoperability": 1 or 2 is ZMTP 2.0. libzmq takes 0 for 1.0.
            if octet == 0 { throw CodecError(.peerSpeaksZMTP1) }
            if octet < 3 { throw CodecError(.peerSpeaksZMTP2) }
        case 12..<32:
            let ended = index > 12 && bytes[index - 1] == 0
            guard ended ? octet == 0 : mayFollow(octet, at: index) else {
                throw CodecError(
                    .invalidMechanismName,
                    "octet \(octet) at \(index) of the greeting is in no name of a mechanism")
            }
        case 32:
            if octet > 1 {
                throw CodecError(.malformedGreeting, "as-server is \(octet), not 0 or 1")
            }
        default:
            // Minor versions all count as 3.1, and padding and filler mean nothing.
            return
        }
    }

    private func mayFollow(_ octet: UInt8, at index: Int) -> Bool {
        Greeting.isMechanismOctet(octet) || (octet == 0 && index > 12)
    }

    private func notZMTP() -> CodecError {
        let start = bytes.prefix(10).map { hexadecimal($0) }.joined(separator: " ")
        return CodecError(.notZMTP, "the peer does not speak ZMTP: it begins with \(start)")
    }
}

/// An octet as two hexadecimal digits, for messages.
func hexadecimal(_ octet: UInt8) -> String {
    (octet < 16 ? "0" : "") + String(octet, radix: 16)
}
