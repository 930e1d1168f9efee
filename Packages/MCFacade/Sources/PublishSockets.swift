public import MCPatterns
import MCPool

/// What sends each message to every peer that subscribed to it: PUB and XPUB.
public class PublishingSocket: Socket, SendingSocket, @unchecked Sendable {
    private let publisher: Publisher

    init(_ pattern: Publisher, context: Context, options: SocketOptions) throws(SocketError) {
        publisher = pattern
        try super.init(pattern, context: context, options: options)
    }

    /// Messages go to those whose subscriptions they do not match (ZMQ_INVERT_MATCHING).
    public final var invertsMatching: Bool {
        get { engine.access { publisher.invertsMatching } }
        set { engine.access { publisher.invertsMatching = newValue } }
    }

    /// A peer without room makes the send wait, for up to SNDTIMEO, instead of missing the message
    /// (ZMQ_XPUB_NODROP).
    public final var waitsForRoom: Bool {
        get { engine.access { publisher.waitsForRoom } }
        set { engine.access { publisher.waitsForRoom = newValue } }
    }
}

/// Sends each message to every peer that subscribed to it; never waits: a peer without room misses
/// it (RFC 29). The topic is the beginning of the first frame.
public final class PubSocket: PublishingSocket, @unchecked Sendable {
    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(Pub(), context: context, options: options)
    }
}

/// Receives, from all of its peers in turn, what it subscribed to (RFC 29). Without a subscription
/// it receives nothing.
public final class SubSocket: Socket, ReceivingSocket, @unchecked Sendable {
    private let pattern = Sub()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// Receives messages that begin with `prefix` from now on; the empty prefix is in front of
    /// everything. Subscribing twice needs cancelling twice.
    public func subscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: true)
    }

    /// Receives messages that begin with the UTF-8 bytes of `prefix`.
    public func subscribe(_ prefix: String = "") throws(SocketError) {
        try subscribe([UInt8](prefix.utf8))
    }

    /// Takes one subscription back.
    ///
    /// - Throws: `invalidState` when there is none to this prefix.
    public func unsubscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: false)
    }

    /// Takes one subscription back.
    public func unsubscribe(_ prefix: String = "") throws(SocketError) {
        try unsubscribe([UInt8](prefix.utf8))
    }

    /// Receives what matches no subscription (ZMQ_INVERT_MATCHING). The publishers must do the same.
    public var invertsMatching: Bool {
        get { engine.access { pattern.invertsMatching } }
        set { engine.access { pattern.invertsMatching = newValue } }
    }
}

/// Publishes as `PubSocket` does, and receives its peers' subscriptions: messages of a byte 1
/// ("subscribe") or 0 ("cancel"), and the prefix (RFC 29). What XSUB peers send else is received, too.
///
/// Up to 1000 subscriptions wait to be received. Beyond that, one that is cancelled before it was
/// received is not told of, nor are repeated ones, and messages of XSUB peers are dropped.
public final class XPubSocket: PublishingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern: XPub

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        pattern = XPub()
        try super.init(pattern, context: context, options: options)
    }

    /// Which subscriptions are received.
    public var verbosity: SubscriptionVerbosity {
        get { engine.access { pattern.verbosity } }
        set { engine.access { pattern.verbosity = newValue } }
    }

    /// Peers' requests do nothing but being received, all of them; `subscribe` and `unsubscribe` decide
    /// (ZMQ_XPUB_MANUAL).
    public var isManual: Bool {
        get { engine.access { pattern.isManual } }
        set { engine.access { pattern.isManual = newValue } }
    }

    /// The first message behind a request that was received goes to nobody but who asked, if it
    /// subscribed: for a last value that is known already (ZMQ_XPUB_MANUAL_LAST_VALUE). Only while the
    /// socket is manual.
    public var answersLastAsker: Bool {
        get { engine.access { pattern.answersLastAsker } }
        set { engine.access { pattern.answersLastAsker = newValue } }
    }

    /// A message of several frames that a peer sends has subscriptions in it only when its first frame is
    /// one; else each frame that begins with a byte 1 or 0 is one (ZMQ_ONLY_FIRST_SUBSCRIBE).
    public var onlyFirstSubscribes: Bool {
        get { engine.access { pattern.onlyFirstSubscribes } }
        set { engine.access { pattern.onlyFirstSubscribes = newValue } }
    }

    /// What each new peer is sent before anything else, if it subscribes to it; nil for nothing
    /// (ZMQ_XPUB_WELCOME_MSG).
    public var welcome: [UInt8]? {
        get { engine.access { pattern.welcome } }
        set { engine.access { pattern.welcome = newValue } }
    }

    /// Subscribes the peer whose request was received last; without effect when it is gone.
    ///
    /// - Throws: `invalidState` when the socket is not manual.
    public func subscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: true)
    }

    /// Takes a subscription of the peer whose request was received last back.
    ///
    /// - Throws: `invalidState` when the socket is not manual.
    public func unsubscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: false)
    }
}

/// Receives what its peers publish, and subscribes by sending: a byte 1 ("subscribe") or 0 ("cancel"),
/// and the prefix (RFC 29). Everything else that it sends goes to all XPUB peers.
public final class XSubSocket: Socket, SendingSocket, ReceivingSocket, @unchecked Sendable {
    private let pattern = XSub()

    public init(context: Context = .shared, options: SocketOptions = .init()) throws(SocketError) {
        try super.init(pattern, context: context, options: options)
    }

    /// A message of several frames has subscriptions in it only when its first frame is one; else each
    /// frame that begins with a byte 1 or 0 is one (ZMQ_ONLY_FIRST_SUBSCRIBE).
    public var onlyFirstSubscribes: Bool {
        get { engine.access { pattern.onlyFirstSubscribes } }
        set { engine.access { pattern.onlyFirstSubscribes = newValue } }
    }

    /// As sending a 1 and the prefix.
    public func subscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: true)
    }

    /// As sending a 0 and the prefix.
    public func unsubscribe(_ prefix: [UInt8]) throws(SocketError) {
        try engine.changeSubscription(prefix, add: false)
    }
}

extension SocketEngine {
    fileprivate func changeSubscription(_ prefix: [UInt8], add: Bool) throws(SocketError) {
        try withPattern { pattern throws(SocketError) in
            try pattern.subscribe(prefix, add: add)
        }
    }
}
