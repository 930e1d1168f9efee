/// A version of the wire protocol, as a greeting announces it.
public struct ZMTPVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var major: UInt8
    public var minor: UInt8

    public init(major: UInt8, minor: UInt8) {
        self.major = major
        self.minor = minor
    }

    /// RFC 23: subscriptions travel as messages, and there is no PING.
    public static var v3_0: Self { Self(major: 3, minor: 0) }
    /// RFC 37: what we speak.
    public static var v3_1: Self { Self(major: 3, minor: 1) }

    /// What both sides speak when the peer announces this version: the peer's own up to 3.1,
    /// and 3.1 above ("a peer SHALL always use its own protocol when talking to an equal or
    /// higher protocol peer", RFC 37, "Version Negotiation").
    public var negotiated: Self { min(self, .v3_1) }

    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    public var description: String { "\(major).\(minor)" }
}
