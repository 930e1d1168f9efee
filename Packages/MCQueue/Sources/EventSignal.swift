import CMCLinux

/// A descriptor that a foreign event loop can poll: readable while the signal is set.
///
/// - Thread rule: any thread; set and clear are idempotent.
package final class EventSignal: Sendable {
    package let descriptor: Int32

    /// - Returns: nil when the process has no descriptors left.
    package init?() {
        descriptor = cmc_eventfd()
        if descriptor < 0 { return nil }
    }

    deinit { cmc_close(descriptor) }

    package func set() { cmc_eventfd_signal(descriptor) }

    package func clear() { cmc_eventfd_clear(descriptor) }
}
