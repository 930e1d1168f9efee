/// Options that this interface keeps for the user and the engine does not know.
struct ExtraOptions: Sendable {
    var zapDomain = ""
    var immediate: Int32 = 0
    // Of multicast transports, which there are none of here: kept, as libzmq keeps them that was built
    // without those transports.
    var rate: Int32 = 100
    var recoveryMilliseconds: Int32 = 10_000
    var multicastHops: Int32 = 1
    var multicastMaximumBytes: Int32 = 1500
    var multicastLoops: Int32 = 1
    var fastLoopback: Int32 = 0
    var enforcesZapDomain: Int32 = 0
}
