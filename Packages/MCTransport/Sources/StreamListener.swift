/// A listening address.
///
/// Ownership: owns its descriptor, and the file of an ipc path that it made.
/// Threads: ``accept()`` from one thread at a time, none under way during ``close()``.
public protocol StreamListener: AnyObject, Sendable {
    /// The descriptor, readable when a connection waits; -1 after ``close()``. Never close it.
    var descriptor: Int32 { get }

    /// Whether the descriptor still is this listener's; see ``StreamLink/isIntact``.
    var isIntact: Bool { get }

    /// The real address: a port of 0 or `*` is the port that the kernel chose, `*` as host is
    /// `0.0.0.0` or `[::]`, `ipc://*` is the path made up. A peer of this host can connect to it.
    var localEndpoint: Endpoint { get }

    /// Takes one waiting connection; nil when none waits. Connections that died while they waited
    /// are skipped.
    /// - Throws: ``TransportError/Code/tooManyDescriptors`` or ``TransportError/Code/outOfMemory``:
    ///   the connection still waits and the descriptor stays readable, so back off before trying
    ///   again. ``TransportError/Code/refusedByFilter``: a connection was taken and closed, others may
    ///   wait. Other codes mean that the listener is broken.
    func accept() throws(TransportError) -> (any StreamLink)?

    /// Stops listening, and removes the file of an ipc path if it is still this listener's own.
    /// Further calls do nothing.
    func close()
}
