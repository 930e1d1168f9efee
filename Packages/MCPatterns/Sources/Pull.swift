import MCPool

/// PULL: receives from all of its peers, in turn (RFC 30). Never sends.
package final class Pull: BalancedPattern {
    package init() { super.init(socketType: "PULL", canSend: false, canReceive: true) }

    package override var canConflate: Bool { true }
}
