import MCPool
import MCTransport

/// Who connects for the socket.
extension SocketOptions {
    func checkProxy() throws(SocketError) {
        for (name, text) in [("socksUsername", socksUsername), ("socksPassword", socksPassword)]
        where text.utf8.count > 255 {
            throw SocketError(.invalidOption, "\(name) has more than 255 bytes")
        }
        guard !socksProxy.isEmpty else { return }
        do throws(TransportError) {
            _ = try SOCKSProxy(address: socksProxy)
        } catch {
            throw SocketError(.invalidOption, "socksProxy: \(error.message)")
        }
    }
}
