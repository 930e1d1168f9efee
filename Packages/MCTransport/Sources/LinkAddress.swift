/// An address that a link can connect to at once: what a name resolves to.
///
/// Opaque to everyone but the transport that made it.
public struct LinkAddress: Sendable, Hashable, CustomStringConvertible {
    /// The bytes of the kernel's `sockaddr`.
    public let socketAddress: [UInt8]
    /// The bytes of the `sockaddr` to connect from; empty where the kernel chooses.
    public let sourceAddress: [UInt8]
    /// The endpoint's text with the address as a number: `tcp://127.0.0.1:5555`, `ipc:///run/x`.
    public let text: String

    /// Makes an address; for transports.
    public init(socketAddress: [UInt8], sourceAddress: [UInt8] = [], text: String) {
        self.socketAddress = socketAddress
        self.sourceAddress = sourceAddress
        self.text = text
    }

    /// The text.
    public var description: String { text }
}
