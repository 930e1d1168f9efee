public import MCCodec

/// What we say about ourselves in a handshake.
public struct LocalPeer: Hashable, Sendable {
    /// In capitals, as on the wire: `"PUSH"`.
    public let socketType: String
    /// The routing id, 0 to 255 bytes. It is sent by REQ, DEALER and ROUTER only, as libzmq does.
    public let identity: [UInt8]
    /// Whether we are the server of the security mechanism. It means nothing with NULL.
    public let asServer: Bool
    /// Properties of our own, sent after those of the protocol.
    public let metadata: Metadata

    /// Throws `invalidLocalPeer` for an unknown socket type, an identity of more than 255 bytes,
    /// a property that the handshake sends by itself, and for more metadata than a peer accepts.
    public init(
        socketType: String, identity: [UInt8] = [], asServer: Bool = false,
        metadata: Metadata = Metadata()
    ) throws(SecurityError) {
        guard !SocketCompatibility.peers(of: socketType).isEmpty else {
            throw SecurityError(.invalidLocalPeer, "no type of socket: \"\(socketType)\"")
        }
        guard identity.count <= RemotePeer.maximumIdentityBytes else {
            throw SecurityError(
                .invalidLocalPeer,
                "an identity of \(identity.count) bytes; at most 255 are allowed")
        }
        for name in [PropertyName.socketType, PropertyName.identity] where metadata[name] != nil {
            throw SecurityError(.invalidLocalPeer, "\(name) is not for metadata of one's own")
        }
        // Room for the command's name and the two properties, whatever their values.
        guard metadata.encodedByteCount <= Handshake.maximumCommandBytes - 512 else {
            throw SecurityError(
                .invalidLocalPeer, "\(metadata.encodedByteCount) bytes of metadata are too many")
        }
        self.socketType = socketType
        self.identity = identity
        self.asServer = asServer
        self.metadata = metadata
    }

    /// Everything that the peer is told, in libzmq's order: socket type, identity, the rest.
    public func properties() throws(SecurityError) -> Metadata {
        do {
            var all = Metadata()
            try all.append(PropertyName.socketType, Array(socketType.utf8))
            if SocketCompatibility.announcesIdentity(socketType) {
                try all.append(PropertyName.identity, identity)
            }
            for property in metadata.properties {
                try all.append(property.name, property.value)
            }
            return all
        } catch {
            throw SecurityError(.invalidLocalPeer, error.message, cause: error)
        }
    }
}

/// What is known of the peer once a handshake is over.
public struct RemotePeer: Hashable, Sendable {
    /// The longest identity, in bytes (RFC 37, "The Identity Property").
    public static var maximumIdentityBytes: Int { 255 }

    /// What both sides speak: 3.0 or 3.1.
    public let version: ZMTPVersion
    /// In capitals, as on the wire; compatible with ours.
    public let socketType: String
    /// The routing id that the peer wants to have, or empty. It may begin with a zero byte, which
    /// RFC 37 forbids and libzmq lets pass, and it may belong to another peer already.
    public let identity: [UInt8]
    /// All that the peer said, socket type and identity included.
    public let metadata: Metadata

    /// Checks what the peer said against what we are. Throws `protocolViolation` when there is
    /// no socket type or the identity is too long, and `incompatibleSocketTypes`.
    public init(
        version: ZMTPVersion, metadata: Metadata, local: LocalPeer
    ) throws(SecurityError) {
        guard let type = metadata[PropertyName.socketType] else {
            throw SecurityError(.protocolViolation, "the peer did not say what its socket type is")
        }
        let name = printable(type)
        guard name.utf8.elementsEqual(type),
            SocketCompatibility.areCompatible(local.socketType, name)
        else {
            throw SecurityError(
                .incompatibleSocketTypes,
                "a \(local.socketType) socket cannot talk to the peer's \(name) socket")
        }
        let identity = metadata[PropertyName.identity] ?? []
        guard identity.count <= Self.maximumIdentityBytes else {
            throw SecurityError(
                .protocolViolation, "the peer's identity has \(identity.count) bytes, 255 may be")
        }
        self.version = version
        self.socketType = name
        self.identity = identity
        self.metadata = metadata
    }
}

/// The properties that RFC 37 defines and that we use.
enum PropertyName {
    static let socketType = "Socket-Type"
    static let identity = "Identity"
}
