import MCMemory
import Synchronization

/// For who looks on, and does not mind the time: a walk along the queue.
extension FrameQueue {
    /// Messages published and not yet taken. The consumer's to ask.
    public var waitingMessages: Int {
        var left = unsafe Int(
            shared.pointee.published.load(ordering: .acquiring) &- consumer.pointee.frames)
        // The first segment is there, and known, when something was published.
        guard left > 0 else { return 0 }
        var segment = unsafe consumer.pointee.segment
        var index = unsafe consumer.pointee.index
        if segment == nil {
            segment = unsafe shared.pointee.first
            index = 0
        }
        var count = 0
        while left > 0, let current = segment {
            guard index < FrameQueue.framesPerSegment else {
                segment = unsafe current.next.pointee.map { Segment(block: $0) }
                index = 0
                continue
            }
            let place = unsafe current.frames + index
            if unsafe !place.pointee.hasMore { count += 1 }
            let places = unsafe FrameQueue.places(at: place)
            index += places
            left -= places
        }
        return count
    }

    /// Messages pushed since the queue was made. The producer's to ask.
    public var pushedMessages: Int { unsafe Int(producer.pointee.messages) }
}
