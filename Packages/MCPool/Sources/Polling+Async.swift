import CMCLinux
import Glibc
import MCQueue

/// Polling in tasks: nobody's thread waits. Sockets tell of news themselves; the I/O thread reads for
/// them, watches descriptors of others and keeps the time.
extension Polling {
    /// As `wait(for:until:)`, but suspends the task.
    ///
    /// - Parameter helper: gives a thread where no item is a socket, whose own would do.
    /// - Returns: the items, of which those have something in `found` that are ready.
    /// - Throws: as `wait`, and `cancelled` when the task is; nothing is lost then.
    package static func waitAsync(
        for given: [Item], until deadline: UInt64?,
        helper: @Sendable () throws(SocketError) -> IOThread
    ) async throws(SocketError) -> [Item] {
        var items = given
        var entries: [pollfd] = []
        var isLastLook = deadline == 0
        while true {
            _ = try look(at: &items)
            _ = try askDescriptors(of: &items, &entries)
            if isLastLook || items.contains(where: { $0.found != 0 }) { return items }
            let own = items.lazy.compactMap(\.socket).first?.ioThread
            let thread: IOThread
            if let own { thread = own } else { thread = try helper() }
            if try await suspend(for: items, until: deadline, thread) == .cancelled
                || Task.isCancelled
            {
                throw SocketError(.cancelled, "the polling task was cancelled")
            }
            if let deadline, cmc_now_ns() >= deadline { isLastLook = true }
        }
    }

    /// Suspends until an item may have what it wants, or the time is over.
    private static func suspend(
        for items: [Item], until deadline: UInt64?, _ thread: IOThread
    ) async throws(SocketError) -> WakeReason {
        let wait = TaskWait(thread)
        defer { wait.end() }
        if try wait.begin(items, until: deadline) { return .signalled }
        let watcher = wait.watcher
        return await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { continuation in
                let waiter = unsafe Waiter(continuation)
                // What was raised since `begin` is not lost.
                if !watcher.arm(waiter) { waiter.wake() }
            }
        } onCancel: {
            watcher.raise()?.wake(.cancelled)
        }
    }
}

extension Polling.Item {
    fileprivate var socket: SocketEngine? {
        if case .socket(let engine) = source { return engine }
        return nil
    }
}

/// What is to be taken back when a suspended task goes on.
private final class TaskWait {
    let watcher = TaskWatcher()
    private let thread: IOThread
    private var sockets: [SocketEngine] = []
    private var descriptors: DescriptorWatch?
    private var hasAlarm = false

    init(_ thread: IOThread) { self.thread = thread }

    /// Has the watcher raised from now on.
    ///
    /// - Returns: true when there is something to look at already.
    func begin(_ items: [Polling.Item], until deadline: UInt64?) throws(SocketError) -> Bool {
        var foreign: [(descriptor: Int32, wanted: Int16)] = []
        for item in items {
            switch item.source {
            case .descriptor(let descriptor): foreign.append((descriptor, item.wanted))
            case .socket(let engine):
                let isReady = try engine.watch(watcher, for: item.wantedEvents)
                sockets.append(engine)
                if isReady { return true }
            }
        }
        var isThreadThere = true
        if !foreign.isEmpty {
            let watch = try DescriptorWatch(foreign, for: watcher, on: thread)
            isThreadThere = watch.start()
            descriptors = watch
        }
        if let deadline {
            hasAlarm = true
            isThreadThere = thread.alarms.add(watcher, at: deadline, on: thread) && isThreadThere
        }
        guard isThreadThere else {
            throw SocketError(.terminated, "the context whose thread was to help is closed")
        }
        return false
    }

    func end() {
        for engine in sockets { engine.unwatch(watcher, slept: false) }
        descriptors?.stop()
        if hasAlarm { thread.alarms.remove(watcher) }
    }
}
