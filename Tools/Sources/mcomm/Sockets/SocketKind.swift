import ArgumentParser

/// The socket types that the tool offers.
enum SocketKind: String, CaseIterable, Codable, ExpressibleByArgument {
    case push, pull, pub, sub, req, rep, pair, dealer, router

    /// Whether the type has a `send`.
    var sends: Bool { self != .pull && self != .sub }

    /// Whether the type has a `receive`.
    var receives: Bool { self != .push && self != .pub }
}
