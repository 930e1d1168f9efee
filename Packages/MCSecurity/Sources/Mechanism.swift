public import MCCodec

/// How two peers convince each other, between the greeting and the first message: the seam
/// behind which NULL stands, and PLAIN, CURVE and others will.
///
/// A value lives for one handshake and is used by one thread at a time. It gets whole commands
/// and appends whole command frames, which its caller sends. Once it has thrown, or said that it
/// is ready, it is not called again.
///
/// ``Handshake`` holds it as an existential: which mechanism a socket has is an option that is
/// set at run time, and a handshake is not hot.
public protocol Mechanism: Sendable {
    /// The name in the greeting: 1 to 20 of A to Z, 0 to 9, `-`, `_`, `.` and `+`.
    var name: String { get }

    /// Begins: the peer's greeting is here and has the same name. Appends what is to be sent.
    mutating func start(
        local: LocalPeer, peer: Greeting, output: inout [UInt8]
    ) throws(SecurityError)

    /// Takes a command of the peer, other than ERROR. What it appends to `output` is sent also
    /// when it throws.
    mutating func receive(
        _ command: Command, output: inout [UInt8]
    ) throws(SecurityError) -> MechanismProgress
}

/// How far a mechanism is.
public enum MechanismProgress: Hashable, Sendable {
    /// Another command of the peer is needed.
    case inProgress
    /// Both sides are convinced; these are the peer's properties, not yet checked.
    case ready(Metadata)
}

/// The mechanism without authentication and without confidentiality (RFC 37, "The NULL Security
/// Mechanism"): each side sends READY, with its properties, and waits for the other's.
///
/// Both send at once, as libzmq does, and not the client first, as the RFC has it: neither then
/// waits for the other, and a peer that keeps to the RFC does not notice.
public struct NullMechanism: Mechanism {
    public init() {}

    public var name: String { "NULL" }

    public mutating func start(
        local: LocalPeer, peer: Greeting, output: inout [UInt8]
    ) throws(SecurityError) {
        let ready = Command.ready(try local.properties())
        do { try ready.encode(into: &output) } catch { throw SecurityError(error) }
    }

    public mutating func receive(
        _ command: Command, output: inout [UInt8]
    ) throws(SecurityError) -> MechanismProgress {
        guard case .ready(let metadata) = command else {
            throw SecurityError(
                .protocolViolation, "the peer sent \(command.name) where READY was due")
        }
        return .ready(metadata)
    }
}
