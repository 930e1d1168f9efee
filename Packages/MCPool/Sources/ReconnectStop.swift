/// When a lost or refused connection is not dialled again (ZMQ_RECONNECT_STOP).
///
/// The endpoint is off the socket then, as if it had been disconnected: what was sent there and has not
/// left goes to other peers where the pattern promises that, else it is dropped.
public struct ReconnectStop: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Nobody listens there.
    public static let connectionRefused = ReconnectStop(rawValue: 1)
    /// Who listens there speaks no ZMTP, or is no peer for the socket, or says nothing.
    public static let handshakeFailed = ReconnectStop(rawValue: 2)
    /// The endpoint was disconnected, and what was sent there still had to leave, within LINGER.
    public static let afterDisconnect = ReconnectStop(rawValue: 4)

    static let all: ReconnectStop = [.connectionRefused, .handshakeFailed, .afterDisconnect]

    /// Whether there are other bits than those above.
    package var isUnknown: Bool { !isSubset(of: .all) }
}
