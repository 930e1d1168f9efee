#if ZMQ_BUILD_DRAFT_API
import CMCZmq
import Glibc
import MCLock
import MCPool
import MCTransport

@c @implementation
public func zmq_socket_monitor_versioned(
    _ socket: UnsafeMutableRawPointer?, _ endpoint: UnsafePointer<CChar>?, _ events: UInt64,
    _ event_version: Int32, _ type: Int32
) -> Int32 {
    unsafe setMonitor(socket, endpoint, events: events, version: event_version, type: type)
}

/// Has the monitor told of what waits in every pipe: two values, to be sent and to be received.
@c @implementation
public func zmq_socket_monitor_pipes_stats(_ socket: UnsafeMutableRawPointer?) -> Int32 {
    unsafe withSocket(socket) { socket in
        result { () throws(Errno) in
            try socket.checkUsable()
            guard let monitor = socket.monitor.withLock({ $0 }),
                monitor.wants(UInt64(ZMQ_EVENT_PIPES_STATS))
            else { throw .invalid }
            let pipes = socket.engine.pipeStatistics()
            guard !pipes.isEmpty else { throw Errno(EAGAIN) }
            for pipe in pipes {
                monitor.send(
                    UInt64(ZMQ_EVENT_PIPES_STATS),
                    [UInt64(pipe.unacknowledged), UInt64(pipe.queuedToReceive)],
                    ("", pipe.ends.local, pipe.ends.remote))
            }
        }
    }
}

extension PipeStatistics {
    /// The messages that take up room below the high-water mark, as libzmq counts: it gives room back in
    /// halves of the mark, and so says up to half a mark too many of a pipe that is not empty.
    fileprivate var unacknowledged: Int {
        let step = (sendHighWaterMark + 1) / 2
        guard queuedToSend > 0, step > 0 else { return queuedToSend }
        let written = queuedToSend + sentMessages
        if written <= sendHighWaterMark { return written - sentMessages / step * step }
        return sendHighWaterMark - max(0, sendHighWaterMark - queuedToSend) / step * step
    }
}
#endif
