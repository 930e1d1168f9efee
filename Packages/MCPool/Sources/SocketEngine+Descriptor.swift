import MCQueue
import CMCLinux
import MCLock

/// What a socket can do at the moment (libzmq's EVENTS).
package struct EngineEvents: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let canReceive = EngineEvents(rawValue: 1)
    package static let canSend = EngineEvents(rawValue: 2)
}

/// The descriptor for foreign event loops (libzmq's FD), readable when the socket's state may have
/// changed since `events` was last asked, and as long as a message waits.
extension SocketEngine {
    package func pollDescriptor() throws(SocketError) -> Int32 {
        lock.lock()
        defer { settleAndUnlock() }
        guard state == .open else { throw closedError() }
        if let signal { return signal.descriptor }
        guard let created = EventSignal() else {
            throw SocketError(.tooManyDescriptors, "no descriptor left for the socket's events")
        }
        signal = created
        // From now on the I/O thread reads, whether anybody is inside a receive or not.
        if !isReading { returnReading() }
        if isReaderAsleep { pollSet.signal() }
        raiseSignal()
        return created.descriptor
    }

    /// What the socket can do now. Rearms the descriptor.
    package func events() throws(SocketError) -> EngineEvents {
        lock.lock()
        defer { settleAndUnlock() }
        guard state == .open else { throw closedError() }
        if canLead && !pattern.isReadyToReceive() && pattern.canReceive {
            lookOnce()
        }
        let events = eventsNow
        if let signal, isSignalled, !events.contains(.canReceive) {
            isSignalled = false
            signal.clear()
        }
        return events
    }

    /// After a receive: the descriptor stays readable only while more is there.
    @inline(__always)
    func clearSignalIfIdle() {
        if isSignalled { clearSignalSlow() }
    }

    @inline(never)
    private func clearSignalSlow() {
        guard let signal, !pattern.isReadyToReceive() else { return }
        isSignalled = false
        signal.clear()
    }
}
