/// Options that this interface keeps for the user and the engine does not know.
struct ExtraOptions: Sendable {
    /// Options that are text, by number, as they were given.
    var texts: [Int32: [UInt8]] = [:]
    /// For the next connection only.
    var nextPeerRoutingID: [UInt8]?
    /// A descriptor that the next bind or connect is to use; -1 for none.
    var descriptor: Int32 = -1
    /// Where a socket type has nothing to do with it.
    var immediate: Int32 = 0
    var invertsMatching: Int32 = 0
    var reconnectStop: Int32 = 0
    /// Negative numbers, which are no limit, differ in this alone.
    var maximumMessageBytes: Int64 = -1
    // Of multicast transports, which there are none of here: kept, as libzmq keeps them that was built
    // without those transports.
    var rate: Int32 = 100
    var recoveryMilliseconds: Int32 = 10_000
    var multicastMaximumBytes: Int32 = 1500
    var fastLoopback: Int32 = 0
    var inBatchBytes: Int32 = 8192
    var outBatchBytes: Int32 = 8192
    var enforcesZapDomain: Int32 = 0
}
