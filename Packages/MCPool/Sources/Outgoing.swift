package import MCMemory

/// A message on its way out, borrowed from the caller for the time of a send: plain pointers, so
/// that patterns can look at it and write it to pipes without moving frames around.
///
/// - Ownership: valid only during the send that made it.
@safe
package struct Outgoing {
    /// The first frame's bytes.
    package var address: UnsafeRawPointer?
    package var count: Int
    /// The first frame when the caller has one; nil for bare bytes, which are copied.
    package var frame: UnsafePointer<Frame>?
    /// The frames behind the first.
    package var rest: UnsafePointer<Frame>?
    package var restCount: Int

    package init(
        address: UnsafeRawPointer?, count: Int, frame: UnsafePointer<Frame>?,
        rest: UnsafePointer<Frame>?, restCount: Int
    ) {
        unsafe self.address = address
        self.count = count
        unsafe self.frame = frame
        unsafe self.rest = rest
        self.restCount = restCount
    }

    /// Bare bytes, one frame.
    package init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(
            address: bytes.baseAddress, count: bytes.count, frame: nil, rest: nil, restCount: 0)
    }

    /// The message without its first frame; nil when that was the only one.
    package var droppingFirst: Outgoing? {
        guard restCount > 0, let rest = unsafe rest else { return nil }
        return unsafe Outgoing(frames: rest, count: restCount)
    }

    /// The message's first frame, which must be a frame, as the second behind bare bytes.
    package func behind(_ first: UnsafeRawBufferPointer) -> Outgoing {
        unsafe Outgoing(
            address: first.baseAddress, count: first.count, frame: nil, rest: frame, restCount: 1)
    }

    /// `count` >= 1 frames that lie one behind the other.
    package init(frames: UnsafePointer<Frame>, count: Int) {
        let bytes = unsafe frames.pointee.borrowedBytes(at: frames)
        unsafe self.init(
            address: bytes.baseAddress, count: bytes.count, frame: frames,
            rest: count > 1 ? frames + 1 : nil, restCount: count - 1)
    }

    /// The first frame's bytes.
    package var firstBytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: address, count: count)
    }
}

extension Outgoing {
    /// Borrows a message for the time of `body`.
    ///
    /// - Precondition: the message has a frame.
    @inline(__always)
    package static func withMessage<Result, Failure: Error>(
        _ message: borrowing Message, _ body: (Outgoing) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Safe because the borrow keeps the message in place for the time of the call.
        try unsafe withUnsafePointer(to: message.head) { head throws(Failure) in
            let bytes = unsafe head.pointee.borrowedBytes(at: head)
            return try unsafe body(
                Outgoing(
                    address: bytes.baseAddress, count: bytes.count, frame: head,
                    rest: message.rest, restCount: message.count - 1))
        }
    }
}
