import MCCodec

/// The beginning of a connection, up to the first message: greetings, then the mechanism.
///
/// It is fed what arrives, in whatever pieces, and says what to send; any split of the input
/// gives the same result. It has no clock: a peer that stops in the middle is the caller's to
/// give up on (HANDSHAKE_IVL). It keeps at most a greeting or one command, never what has not
/// arrived. A value is for one connection and one thread at a time.
///
/// ```swift
/// var handshake = Handshake(local: local, mechanism: NullMechanism())
/// var output = handshake.start()          // send at once, wait for nothing
/// let used = try handshake.receive(bytes, output: &output)
/// if let peer = handshake.peer { … }      // bytes from `used` on are frames
/// ```
public struct Handshake: Sendable {
    /// The longest body of a command in a handshake, in bytes.
    public static var maximumCommandBytes: Int { 65_536 }

    /// Where a handshake is.
    public enum State: Hashable, Sendable {
        /// Bytes of the peer are missing.
        case inProgress
        /// It is over, and messages may follow.
        case ready(RemotePeer)
        /// It is over, and the connection must be closed once `output` is sent.
        case failed(SecurityError)
    }

    /// Where this handshake is.
    public private(set) var state = State.inProgress

    private let local: LocalPeer
    private var mechanism: any Mechanism
    private var greeting = GreetingDecoder()
    /// A command frame that is not complete, header included.
    private var pending: [UInt8] = []

    /// A handshake that has sent and received nothing.
    public init(local: LocalPeer, mechanism: any Mechanism) {
        self.local = local
        self.mechanism = mechanism
    }

    /// What is known of the peer, once the handshake is over and went well.
    public var peer: RemotePeer? {
        if case .ready(let peer) = state { peer } else { nil }
    }

    /// The bytes to send as soon as the link is there: our whole greeting. Throws
    /// `invalidLocalPeer` when the mechanism has a name that no greeting can hold.
    public func start() throws(SecurityError) -> [UInt8] {
        do {
            return try Greeting(mechanism: mechanism.name, asServer: local.asServer).encoded()
        } catch {
            throw SecurityError(.invalidLocalPeer, error.message, cause: error)
        }
    }

    /// Takes `bytes` of the peer and returns how many of them belong to the handshake: all, until
    /// it is over; those behind the last command are frames of the traffic. Appends to `output`
    /// what is to be sent, also when it throws: an ERROR, where the protocol has a place for one.
    ///
    /// Throws what ended the handshake, and again at every further call.
    public mutating func receive(
        _ bytes: RawSpan, output: inout [UInt8]
    ) throws(SecurityError) -> Int {
        if case .failed(let error) = state { throw error }
        var consumed = 0
        do {
            while consumed < bytes.byteCount, state == .inProgress {
                let rest = bytes.extracting(consumed...)
                if greeting.greeting == nil {
                    consumed += try receiveGreeting(rest, output: &output)
                } else {
                    consumed += try receiveCommand(rest, output: &output)
                }
            }
        } catch {
            state = .failed(error)
            pending = []
            throw error
        }
        return consumed
    }
}

extension Handshake {
    private mutating func receiveGreeting(
        _ bytes: RawSpan, output: inout [UInt8]
    ) throws(SecurityError) -> Int {
        let consumed: Int
        do { consumed = try greeting.receive(bytes) } catch { throw SecurityError(error) }
        guard let peer = greeting.greeting else { return consumed }
        // RFC 37, "Authentication and Confidentiality": exactly the same, or close.
        guard peer.mechanism == mechanism.name else {
            throw SecurityError(
                .mechanismMismatch,
                "the peer wants the mechanism \(peer.mechanism), we want \(mechanism.name)")
        }
        try mechanism.start(local: local, peer: peer, output: &output)
        return consumed
    }

    /// Takes bytes up to the end of one command, and handles it when it is complete.
    private mutating func receiveCommand(
        _ bytes: RawSpan, output: inout [UInt8]
    ) throws(SecurityError) -> Int {
        do {
            let length = try frameLength(bytes)
            let taken = length.taken
            guard let total = length.total else { return taken }
            let missing = min(total - pending.count, bytes.byteCount - taken)
            append(bytes, from: taken, count: missing)
            if pending.count == total {
                try handle(headerLength: length.header, output: &output)
                pending = []
            }
            return taken + missing
        } catch {
            // The mechanism is agreed on, so the peer understands ERROR; it is not told why when
            // it was the peer that refused.
            if error.code != .refusedByPeer { appendError(error, to: &output) }
            throw error
        }
    }

    /// Completes the header in `pending` from `bytes`: the header's length, that of the whole
    /// frame, nil if not yet known, and the number of bytes taken.
    private mutating func frameLength(
        _ bytes: RawSpan
    ) throws(SecurityError) -> (header: Int, total: Int?, taken: Int) {
        var taken = 0
        while true {
            // Safe because the pointer is used within the closure.
            let decoded = unsafe pending.withUnsafeBytes { buffer in
                if let base = buffer.baseAddress {
                    unsafe FrameHeader.decode(base, available: buffer.count)
                } else {
                    FrameHeader.Decoded.needMore
                }
            }
            switch decoded {
            case .needMore:
                guard taken < bytes.byteCount else { return (0, nil, taken) }
                append(bytes, from: taken, count: 1)
                taken += 1
            case .invalid(let code):
                throw SecurityError(CodecError(code))
            case .header(let header, let length):
                guard header.flags.contains(.command) else {
                    throw SecurityError(
                        .protocolViolation, "the peer sent a message before its handshake's end")
                }
                guard header.bodyLength <= UInt64(Self.maximumCommandBytes) else {
                    throw SecurityError(
                        .protocolViolation,
                        """
                        the peer's command has \(header.bodyLength) bytes, \
                        \(Self.maximumCommandBytes) may be
                        """)
                }
                return (length, length + Int(header.bodyLength), taken)
            }
        }
    }

    private mutating func append(_ bytes: RawSpan, from start: Int, count: Int) {
        // Safe because the buffer is copied while the span is borrowed.
        unsafe bytes.extracting(start..<(start + count)).withUnsafeBytes { buffer in
            unsafe pending.append(contentsOf: buffer)
        }
    }

    /// Handles the complete command in `pending`.
    private mutating func handle(
        headerLength: Int, output: inout [UInt8]
    ) throws(SecurityError) {
        let command: Command
        do {
            // Safe because octets have no padding.
            let frame = unsafe pending.span.bytes
            command = try Command(decoding: frame.extracting(headerLength...))
        } catch { throw SecurityError(error) }
        if case .error(let reason) = command {
            throw SecurityError(
                .refusedByPeer, "the peer refuses the connection: \"\(printable(reason))\"")
        }
        switch try mechanism.receive(command, output: &output) {
        case .inProgress:
            return
        case .ready(let metadata):
            let version = greeting.greeting?.version ?? .v3_0
            state = .ready(
                try RemotePeer(version: version.negotiated, metadata: metadata, local: local))
        }
    }

    /// Appends an ERROR with the error's message. RFC 37 allows visible characters only, which a
    /// space is not.
    private func appendError(_ error: SecurityError, to output: inout [UInt8]) {
        let reason = error.message.utf8.prefix(255).map { octet in
            (0x21...0x7e).contains(octet) ? octet : UInt8(ascii: "-")
        }
        // It cannot fail: the reason is short enough. Without it the peer sees a closed link.
        do { try Command.error(reason: reason).encode(into: &output) } catch { return }
    }
}
