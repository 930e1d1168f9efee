import MCPool

/// DEALER: sends to its peers in turn and receives from all in turn, without envelopes of its own
/// (RFC 28, "The DEALER Socket Type").
package final class Dealer: BalancedPattern {
    package init() { super.init(socketType: "DEALER", canSend: true, canReceive: true) }

    package override var announcesRoutingID: Bool { true }
}
