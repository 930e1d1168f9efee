import CMCZmq
import Glibc
import MCMemory
import MCPool

@c @implementation
public func zmq_proxy(
    _ frontend: UnsafeMutableRawPointer?, _ backend: UnsafeMutableRawPointer?,
    _ capture: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe zmq_proxy_steerable(frontend, backend, capture, nil)
}

@c @implementation
public func zmq_proxy_steerable(
    _ frontend: UnsafeMutableRawPointer?, _ backend: UnsafeMutableRawPointer?,
    _ capture: UnsafeMutableRawPointer?, _ control: UnsafeMutableRawPointer?
) -> Int32 {
    guard unsafe frontend != nil && backend != nil else { return fail(.fault) }
    return result { () throws(Errno) in
        let proxy = CallerProxy(
            frontend: try unsafe kept(frontend), backend: try unsafe kept(backend),
            capture: unsafe capture == nil ? nil : try unsafe kept(capture),
            control: unsafe control == nil ? nil : try unsafe kept(control))
        try proxy.run()
    }
}

@c @implementation
public func zmq_device(
    _ type: Int32, _ frontend: UnsafeMutableRawPointer?, _ backend: UnsafeMutableRawPointer?
) -> Int32 {
    // What the devices do is told by their sockets.
    unsafe zmq_proxy(frontend, backend, nil)
}

/// The socket of a handle, kept for the time of a call.
private func kept(_ handle: UnsafeMutableRawPointer?) throws(Errno) -> ZmqSocket {
    guard let socket = unsafe ZmqSocket.with(handle, { $0 }) else { throw .noSocket }
    return socket
}

/// A proxy that runs in the thread that called zmq_proxy, until the context is terminated or the control
/// socket says so.
private final class CallerProxy {
    /// How many messages go one way before the other has its turn.
    private static let messagesPerTurn = 1000

    private struct Counts {
        var receivedMessages: UInt64 = 0
        var receivedBytes: UInt64 = 0
        var sentMessages: UInt64 = 0
        var sentBytes: UInt64 = 0
    }

    private let frontend: ZmqSocket
    private let backend: ZmqSocket
    private let capture: ZmqSocket?
    private let control: ZmqSocket?
    private var isPaused = false
    private var isOver = false
    private var frontendCounts = Counts()
    private var backendCounts = Counts()
    private var message = Message()

    init(frontend: ZmqSocket, backend: ZmqSocket, capture: ZmqSocket?, control: ZmqSocket?) {
        self.frontend = frontend
        self.backend = backend
        self.capture = capture
        self.control = control
    }

    func run() throws(Errno) {
        while !isOver {
            try obeyControl()
            if isOver { return }
            var hasPassed = false
            if !isPaused {
                if try pass(from: frontend, to: backend, &frontendCounts, &backendCounts) {
                    hasPassed = true
                }
                if backend !== frontend,
                    try pass(from: backend, to: frontend, &backendCounts, &frontendCounts)
                {
                    hasPassed = true
                }
            }
            if !hasPassed { try wait() }
        }
    }

    /// Waits until a message can be passed on, or a command has come.
    private func wait() throws(Errno) {
        var items: [Polling.Item] = []
        if let control { items.append(.init(.socket(control.engine), wanted: Int16(POLLIN))) }
        if !isPaused {
            // A socket is waited for to receive only while its target has room, and for room only while
            // its source has a message: else the wait would end at once.
            let front = try frontend.pollEvents()
            let back = backend === frontend ? front : try backend.pollEvents()
            items.append(item(frontend, hasMessage: front, other: back))
            if backend !== frontend { items.append(item(backend, hasMessage: back, other: front)) }
        }
        try engineCall { () throws(SocketError) in
            _ = try Polling.wait(for: &items, until: nil, isInterruptible: true)
        }
    }

    private func item(_ socket: ZmqSocket, hasMessage own: Int32, other: Int32) -> Polling.Item {
        var wanted: Int32 = 0
        if own & ZMQ_POLLIN == 0 { wanted |= POLLIN }
        if own & ZMQ_POLLOUT == 0, other & ZMQ_POLLIN != 0 { wanted |= POLLOUT }
        return Polling.Item(.socket(socket.engine), wanted: Int16(wanted))
    }

    /// Passes on what is there, as long as there is room.
    ///
    /// - Returns: whether there was anything.
    private func pass(
        from source: ZmqSocket, to target: ZmqSocket, _ sourceCounts: inout Counts,
        _ targetCounts: inout Counts
    ) throws(Errno) -> Bool {
        guard source.engine.canReceive, target.engine.canSend else { return false }
        for count in 0..<CallerProxy.messagesPerTurn {
            // A socket that is its own target has room when it has received.
            if target !== source, try target.pollEvents() & ZMQ_POLLOUT == 0 { return count > 0 }
            guard try take(from: source) else { return count > 0 }
            let bytes = UInt64(message.totalBytes)
            sourceCounts.receivedMessages += 1
            sourceCounts.receivedBytes += bytes
            if let capture { try send(to: capture) }
            try send(to: target)
            targetCounts.sentMessages += 1
            targetCounts.sentBytes += bytes
        }
        return true
    }

    private func take(from source: ZmqSocket) throws(Errno) -> Bool {
        do throws(SocketError) {
            try source.engine.receive(into: &message, waits: false)
            return true
        } catch {
            if error.code == .wouldBlock { return false }
            throw Errno(error)
        }
    }

    private func send(to target: ZmqSocket) throws(Errno) {
        do throws(SocketError) {
            try Outgoing.withMessage(message) { message throws(SocketError) in
                try target.engine.send(message, waits: true)
            }
        } catch {
            switch error.code {
            // A peer that has gone, or a message that names none.
            case .hostUnreachable, .invalidMessage: return
            default: throw Errno(error)
            }
        }
    }

    // MARK: Steering

    private func obeyControl() throws(Errno) {
        guard let control else { return }
        while !isOver, try control.pollEvents() & ZMQ_POLLIN != 0, try take(from: control) {
            switch message.string() {
            case "PAUSE": isPaused = true
            case "RESUME": isPaused = false
            case "TERMINATE": isOver = true
            case "STATISTICS": try reportStatistics(on: control)
            // libzmq takes anything else for a mistake of the programmer's, and ends the process.
            default: break
            }
            if control.type == ZMQ_REP, message.string() != "STATISTICS" {
                message = Message("")
                try send(to: control)
            }
        }
    }

    /// Eight frames of eight bytes: messages and bytes, received and sent, of the frontend and then of the
    /// backend.
    private func reportStatistics(on control: ZmqSocket) throws(Errno) {
        var report = Message()
        for counts in [frontendCounts, backendCounts] {
            for number in [
                counts.receivedMessages, counts.receivedBytes, counts.sentMessages,
                counts.sentBytes,
            ] {
                report.append(unsafe withUnsafeBytes(of: number) { unsafe Frame(copying: $0) })
            }
        }
        swap(&report, &message)
        try send(to: control)
        message = Message("STATISTICS")
    }
}
