/// Which of its peers' subscriptions an XPUB socket receives.
public enum SubscriptionVerbosity: Sendable {
    /// The first to each prefix, and the last cancellation.
    case news
    /// Every subscription, and the last cancellation (ZMQ_XPUB_VERBOSE).
    case subscriptions
    /// Every subscription and every cancellation (ZMQ_XPUB_VERBOSER).
    case all
}
