public import MCPool

/// What a context is made with: how many threads help its sockets, and how many sockets it may have.
public struct ContextOptions: Sendable, Equatable {
    /// How many I/O threads the sockets share (ZMQ_IO_THREADS), 1 to 64. One will do for some gigabytes a
    /// second, because senders and receivers write and read for themselves.
    public var ioThreads = 1
    /// How many sockets there may be at once, those included that were closed and are still sending
    /// (ZMQ_MAX_SOCKETS).
    public var maximumSockets = 65_535
    /// How the I/O threads run.
    public var threads = IOThreadSettings()

    public init() {}

    func check() throws(SocketError) {
        guard (1...64).contains(ioThreads) else {
            throw SocketError(
                .invalidOption, "ioThreads is \(ioThreads), and must be between 1 and 64")
        }
        guard maximumSockets > 0 else {
            throw SocketError(
                .invalidOption, "maximumSockets is \(maximumSockets), and must be positive")
        }
    }
}
