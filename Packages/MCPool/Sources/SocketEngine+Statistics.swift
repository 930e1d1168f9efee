import MCCodec
import MCLock
import MCMemory
import MCQueue
package import MCTransport

/// What waits in one of a socket's pipes.
package struct PipeStatistics: Sendable {
    /// Whom the pipe leads to.
    package var ends: LinkEnds
    /// Messages that wait to be sent.
    package var queuedToSend: Int
    /// Messages that the peer has taken, or the kernel, since the pipe began.
    package var sentMessages: Int
    package var sendHighWaterMark: Int
    /// Messages that wait to be received.
    package var queuedToReceive: Int
}

extension SocketEngine {
    /// What waits in each pipe at the moment.
    package func pipeStatistics() -> [PipeStatistics] {
        lock.withLock { pipes.map(statistics) }
    }

    private func statistics(of pipe: Pipe) -> PipeStatistics {
        var queued = pipe.pointee.queuedMessages
        var sent = pipe.pointee.sentMessages
        if let peer = pipe.pointee.peer {
            // This socket's lock is the producer's there.
            queued = peer.pointee.received.depth
            sent = peer.pointee.received.pushedMessages - queued
        }
        return PipeStatistics(
            ends: ends(of: pipe), queuedToSend: queued, sentMessages: sent,
            sendHighWaterMark: pipe.pointee.sendHighWaterMark,
            queuedToReceive: waiting(in: pipe))
    }

    private func ends(of pipe: Pipe) -> LinkEnds {
        if let connection = pipe.pointee.connection { return connection.link.ends }
        if let dialer = pipe.pointee.dialer {
            return LinkEnds(remote: dialer.endpoint.description)
        }
        guard let pair = pipe.pointee.pair else { return LinkEnds() }
        if pipe == pair.far {
            return LinkEnds(local: pair.boundName.map { "inproc://\($0)" } ?? "")
        }
        for case .inprocConnected(let endpoint, _, let connection) in endpoints
        where connection.pair === pair {
            return LinkEnds(remote: endpoint)
        }
        return LinkEnds()
    }

    /// What has been read and not received: decoded or, while nobody reads, not.
    private func waiting(in pipe: Pipe) -> Int {
        var count = pipe.pointee.received.waitingMessages
        if let decoder = unsafe pipe.pointee.unread {
            count += unsafe decoder.pointee.wholeMessages
        }
        return pipe.pointee.latest.isEmpty ? count : count + 1
    }
}
