import MCPool
import MCTransport

/// Who may connect.
extension SocketOptions {
    func checkFilters() throws(SocketError) {
        for text in tcpAcceptFilters {
            do throws(TransportError) {
                _ = try AddressRange(text)
            } catch {
                throw SocketError(.invalidOption, "tcpAcceptFilters: \(error.message)")
            }
        }
    }

    /// Of options that have been checked.
    var filter: PeerFilter {
        var filter = PeerFilter()
        filter.addresses = tcpAcceptFilters.compactMap { try? AddressRange($0) }
        filter.processIDs = ipcFilterProcessIDs
        filter.userIDs = ipcFilterUserIDs
        filter.groupIDs = ipcFilterGroupIDs
        return filter
    }

    mutating func readFilter(_ filter: PeerFilter) {
        tcpAcceptFilters = filter.addresses.map(\.description)
        ipcFilterProcessIDs = filter.processIDs
        ipcFilterUserIDs = filter.userIDs
        ipcFilterGroupIDs = filter.groupIDs
    }
}
