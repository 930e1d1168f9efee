import MCPool

/// SCATTER: sends each message of one frame to one of its peers, in turn (RFC 49). Never receives.
package final class Scatter: SingleFrameBalancedPattern {
    package init() { super.init(socketType: "SCATTER", canSend: true, canReceive: false) }
}

/// GATHER: receives messages of one frame from all of its peers, in turn (RFC 49). Never sends.
package final class Gather: SingleFrameBalancedPattern {
    package init() { super.init(socketType: "GATHER", canSend: false, canReceive: true) }
}
