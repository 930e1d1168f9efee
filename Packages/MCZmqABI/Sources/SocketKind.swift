import CMCZmq
import MCPatterns
import MCPool

/// The socket types by libzmq's numbers.
enum SocketKind {
    /// The pattern of a type; nil where there is no such type.
    static func makePattern(_ type: Int32) -> (any Pattern)? {
        let pattern = pattern(type)
        (pattern as? BalancedPattern)?.keepsForOthers = false
        return pattern
    }

    #if !ZMQ_BUILD_DRAFT_API
    private static func draftPattern(_ type: Int32) -> (any Pattern)? { nil }
    #endif

    private static func pattern(_ type: Int32) -> (any Pattern)? {
        switch type {
        case ZMQ_PAIR: Pair()
        case ZMQ_PUB: Pub()
        case ZMQ_SUB: Sub()
        case ZMQ_REQ: Req(seed: UInt32.random(in: 0...UInt32.max))
        case ZMQ_REP: Rep()
        case ZMQ_DEALER: Dealer()
        case ZMQ_ROUTER: Router(seed: UInt32.random(in: 0...UInt32.max))
        case ZMQ_PULL: Pull()
        case ZMQ_PUSH: Push()
        case ZMQ_XPUB: XPub()
        case ZMQ_XSUB: XSub()
        case ZMQ_STREAM: Stream(seed: UInt32.random(in: 0...UInt32.max))
        default: draftPattern(type)
        }
    }
}
