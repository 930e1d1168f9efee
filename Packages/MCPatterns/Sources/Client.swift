import MCPool

/// CLIENT: sends messages of one frame to its SERVER peers in turn, and receives from all in turn
/// (RFC 41).
package final class Client: SingleFrameBalancedPattern {
    package init() { super.init(socketType: "CLIENT", canSend: true, canReceive: true) }
}
