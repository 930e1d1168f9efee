import MCMemory
import MCPool

/// PUSH: sends each message to one of its peers, in turn (RFC 30). Never receives.
package final class Push: BalancedPattern {
    package init() { super.init(socketType: "PUSH", canSend: true, canReceive: false) }

    package override var canConflate: Bool { true }
}
