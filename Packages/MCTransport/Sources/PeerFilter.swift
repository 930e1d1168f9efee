/// Whose connections a listener accepts, by what the kernel knows of the peer. Empty lists accept
/// everybody.
public struct PeerFilter: Sendable, Hashable {
    /// Where a TCP peer must come from: from one of these (ZMQ_TCP_ACCEPT_FILTER).
    public var addresses: [AddressRange] = []
    /// The processes, users and groups that a peer of the same host may belong to
    /// (ZMQ_IPC_FILTER_PID, _UID, _GID): one that is in any of the three lists is accepted. A group
    /// counts that the peer's process has, and one that its user is a member of by the system's
    /// databases, as in libzmq.
    public var processIDs: Set<Int32> = []
    public var userIDs: Set<UInt32> = []
    public var groupIDs: Set<UInt32> = []

    public init() {}

    /// Whether every peer of the same host is accepted.
    public var acceptsEveryProcess: Bool {
        processIDs.isEmpty && userIDs.isEmpty && groupIDs.isEmpty
    }
}
