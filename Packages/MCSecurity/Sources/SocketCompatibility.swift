/// Which types of sockets may talk to each other (RFC 37, "The Socket-Type Property"; RFC 28 to
/// 31, and 41, 47 to 49, 51 and 52 for the types that libzmq calls drafts).
public enum SocketCompatibility {
    private static let peers: [String: [String]] = [
        "REQ": ["REP", "ROUTER"],
        "REP": ["REQ", "DEALER"],
        "DEALER": ["REP", "DEALER", "ROUTER"],
        "ROUTER": ["REQ", "DEALER", "ROUTER"],
        "PUB": ["SUB", "XSUB"],
        "XPUB": ["SUB", "XSUB"],
        "SUB": ["PUB", "XPUB"],
        "XSUB": ["PUB", "XPUB"],
        "PUSH": ["PULL"],
        "PULL": ["PUSH"],
        "PAIR": ["PAIR"],
        "CLIENT": ["SERVER"],
        "SERVER": ["CLIENT"],
        "RADIO": ["DISH"],
        "DISH": ["RADIO"],
        "SCATTER": ["GATHER"],
        "GATHER": ["SCATTER"],
        "PEER": ["PEER"],
        "CHANNEL": ["CHANNEL"],
    ]

    /// All types that are known, sorted.
    public static var socketTypes: [String] { peers.keys.sorted() }

    /// The types that a socket of `type` may talk to; empty when `type` is not known. Names are
    /// in capitals, as on the wire.
    public static func peers(of type: String) -> [String] {
        peers[type] ?? []
    }

    /// Whether sockets of the two types may talk to each other.
    public static func areCompatible(_ one: String, _ other: String) -> Bool {
        peers(of: one).contains(other)
    }

    /// Whether a socket of `type` tells its identity: as in libzmq, REQ, DEALER and ROUTER do.
    public static func announcesIdentity(_ type: String) -> Bool {
        type == "REQ" || type == "DEALER" || type == "ROUTER"
    }
}
