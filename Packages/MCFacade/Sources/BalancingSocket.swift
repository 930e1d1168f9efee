import MCPatterns
import MCPool

/// What sends each message to one of its peers, in turn: PUSH, REQ, DEALER, CLIENT and SCATTER.
public class BalancingSocket: Socket, SendingSocket, @unchecked Sendable {
    private let balanced: BalancedPattern

    init(
        _ pattern: BalancedPattern, context: Context, options: SocketOptions
    ) throws(SocketError) {
        balanced = pattern
        try super.init(pattern, context: context, options: options)
    }

    /// Messages go only to peers that are connected, not to those that are still being dialled, and
    /// those that a lost one has not taken go to others (ZMQ_IMMEDIATE). Set it before connecting.
    public final var queuesForConnectedOnly: Bool {
        get { engine.access { balanced.queuesForConnectedOnly } }
        set { engine.access { balanced.queuesForConnectedOnly = newValue } }
    }
}
