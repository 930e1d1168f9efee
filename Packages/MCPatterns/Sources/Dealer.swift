import MCPool

/// DEALER: sends to its peers in turn and receives from all in turn, without envelopes of its own
/// (RFC 28, "The DEALER Socket Type").
package final class Dealer: BalancedPattern {
    package init() { super.init(socketType: "DEALER", canSend: true, canReceive: true) }

    package override var canConflate: Bool { true }

    package override var announcesRoutingID: Bool { true }
}

extension Pipe {
    /// Sends an empty message. It is none of the user's: when the peer goes before it has left, nobody
    /// else gets it.
    func probe() {
        if pointee.isInproc {
            if hasRoom { unsafe writeFrame(nil, count: 0, frame: nil, more: false) }
        } else {
            // No flags, no body (RFC 37).
            writeEncoded([0, 0])
        }
    }
}
