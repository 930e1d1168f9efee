package import MCTransport

/// A socket's options as its engine reads them; units are in the names, -1 is "for ever" or
/// "leave it to the system" as in libzmq. Checked by the facade before they come here.
package struct EngineOptions: Sendable {
    package var sendHighWaterMark = 1000
    package var receiveHighWaterMark = 1000
    package var sendHighWaterBytes = 0
    package var receiveHighWaterBytes = 0
    package var sendTimeoutMilliseconds = -1
    package var receiveTimeoutMilliseconds = -1
    package var lingerMilliseconds = -1
    package var reconnectIntervalMilliseconds = 100
    package var reconnectIntervalMaxMilliseconds = 0
    package var reconnectStop: ReconnectStop = []
    package var sendBufferBytes = -1
    package var receiveBufferBytes = -1
    package var maximumMessageBytes = -1
    package var routingID: [UInt8] = []
    package var heartbeatIntervalMilliseconds = 0
    package var heartbeatTTLMilliseconds = 0
    package var heartbeatTimeoutMilliseconds = -1
    package var handshakeIntervalMilliseconds = 30_000
    package var spinMicroseconds = -1
    /// Which I/O threads may help; read when the socket is made.
    package var affinity: UInt64 = 0
    package var connectTimeoutMilliseconds = 0
    /// What peers are told of us besides, by name (ZMQ_METADATA).
    package var metadata: [String: String] = [:]
    /// Only the last message of each peer, and to each peer, is kept (ZMQ_CONFLATE). Before the first pipe.
    package var conflates = false
    /// Peers of this process whose types do not go together are refused, as others are. libzmq lets them
    /// meet.
    package var refusesUnfitInproc = true
    /// The greeting's first ten bytes go alone, and the others when the peer's have come, as libzmq does it;
    /// else all at once, which saves a round trip (RFC 37 allows both).
    package var greetsInSteps = false
    /// A signal ends a call that waits, with `interrupted`.
    package var isInterruptible = false
    /// What the transport needs to know, buffer sizes aside.
    package var link = LinkOptions()

    package init() {}
}
