package import MCTransport

/// Something that happened to an endpoint, or a connection, of a socket (zmq_socket_monitor(3)).
///
/// Endpoints in the process have no connections, and no events.
public struct SocketEvent: Sendable, Equatable {
    /// What happened. The raw values are libzmq's.
    public enum Kind: UInt16, Sendable, CaseIterable {
        /// A dialled connection is there; the handshake follows.
        case connected = 0x0001
        /// Dialling has begun, and the answer is being waited for.
        case connectDelayed = 0x0002
        /// Dialling failed, or the connection was lost; it is dialled again after a pause.
        case connectRetried = 0x0004
        /// The socket takes connections.
        case listening = 0x0008
        /// Binding failed.
        case bindFailed = 0x0010
        /// A connection was accepted; the handshake follows.
        case accepted = 0x0020
        /// A connection could not be accepted: there are no descriptors left, for instance.
        case acceptFailed = 0x0040
        /// A listener, or a dialled connection that did not come about, was closed.
        case closed = 0x0080
        /// Closing failed. Never told: Linux closes in any case.
        case closeFailed = 0x0100
        /// A connection is over.
        case disconnected = 0x0200
        /// No more events will come.
        case monitorStopped = 0x0400
        /// The connection ended during the handshake.
        case handshakeFailedWithoutDetail = 0x0800
        /// Messages flow from now on.
        case handshakeSucceeded = 0x1000
        /// The peer broke the protocol, or its socket does not suit.
        case handshakeFailedProtocol = 0x2000
        /// The peer, or we, refused to authenticate.
        case handshakeFailedAuthentication = 0x4000
    }

    public var kind: Kind
    /// The endpoint: where the socket is bound, or what it dials.
    public var endpoint: String
    /// This end of the connection, or where a listener is bound, as an endpoint with numbers. Empty where
    /// there is none yet.
    public var localEndpoint: String
    /// The other end of the connection; what is being dialled, before there is one. Empty of a listener.
    public var remoteEndpoint: String
    /// The descriptor of a listener or connection that came or went, the pause in milliseconds before
    /// the next attempt, or the system's error number; else 0.
    public var value: Int
    /// The peer's routing id, when the handshake is over.
    public var routingID: [UInt8]
    /// Why, where something failed.
    public var reason: SocketError?

    package init(
        _ kind: Kind, _ place: EventPlace = EventPlace(), value: Int = 0,
        routingID: [UInt8] = [], because reason: SocketError? = nil
    ) {
        self.kind = kind
        endpoint = place.endpoint
        localEndpoint = place.ends.local
        remoteEndpoint = place.ends.remote
        self.value = value
        self.routingID = routingID
        self.reason = reason
    }
}

/// What an event concerns.
package struct EventPlace: Sendable {
    package var endpoint = ""
    package var ends = LinkEnds()

    package init() {}

    init(_ endpoint: String, _ ends: LinkEnds) {
        self.endpoint = endpoint
        self.ends = ends
    }

    /// Where the socket is bound, or was to be.
    static func bound(_ endpoint: String) -> EventPlace {
        EventPlace(endpoint, LinkEnds(local: endpoint))
    }

    /// What is being dialled.
    static func dialled(_ endpoint: String) -> EventPlace {
        EventPlace(endpoint, LinkEnds(remote: endpoint))
    }
}
