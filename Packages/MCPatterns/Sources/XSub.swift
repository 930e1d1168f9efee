package import MCPool

/// XSUB: receives what its peers publish, and subscribes by sending: a byte 1 or 0 for "subscribe" and
/// "cancel", and the prefix (RFC 29). Everything else that it sends goes to all XPUB peers.
///
/// Publishers filter for it; it does not filter again.
package final class XSub: Subscriber {
    package init() { super.init(socketType: "XSUB", canSend: true) }

    package override var plainQueue: FairQueue? { fairQueue }

    package override func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        if message.restCount == 0, let first = unsafe message.firstBytes.first, first <= 1 {
            try subscribe(unsafe [UInt8](message.firstBytes.dropFirst()), add: first == 1)
            return .sent
        }
        // As a publisher does: who has no room misses it.
        for pipe in pipes where pipe.pointee.isConnected && pipe.hasRoom { pipe.write(message) }
        return .sent
    }
}
