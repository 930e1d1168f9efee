package import MCTransport

/// A socket's options as its engine reads them; units are in the names, -1 is "for ever" or
/// "leave it to the system" as in libzmq. Checked by the facade before they come here.
package struct EngineOptions: Sendable {
    package var sendHighWaterMark = 1000
    package var receiveHighWaterMark = 1000
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
    package var connectTimeoutMilliseconds = 0
    /// What the transport needs to know, buffer sizes aside.
    package var link = LinkOptions()

    package init() {}
}
