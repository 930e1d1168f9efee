import CMCLinux
import MCTransport

extension PeerFilter {
    /// Whether a TCP peer is accepted.
    func accepts(_ peer: SocketAddress) -> Bool {
        if addresses.isEmpty { return true }
        guard let number = peer.number else { return false }
        return addresses.contains { $0.contains(number) }
    }

    /// Whether the peer of a connected unix socket is accepted. May block for as long as the system's
    /// user and group databases take, where there is a list of groups and nothing else suits.
    func accepts(peerOf descriptor: Int32) -> Bool {
        if acceptsEveryProcess { return true }
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        // Safe because the three numbers are written before the call returns.
        guard unsafe cmc_net_peer_credentials(descriptor, &process, &user, &group) == 0 else {
            return false
        }
        if processIDs.contains(process) || userIDs.contains(user) || groupIDs.contains(group) {
            return true
        }
        // The databases are asked last: the kernel knows at once.
        return groupIDs.contains { cmc_net_peer_has_group(descriptor, $0) > 0 }
            || groupIDs.contains { cmc_net_is_member(user, $0) > 0 }
    }
}
