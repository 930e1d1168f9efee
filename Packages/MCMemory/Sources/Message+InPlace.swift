/// Messages and frames that lie in memory for the length of a call. A value would be put together, or copied
/// about, in small pieces, and the processor waits when it reads in wide pieces what it has just written
/// in small ones: here everything moves as wide as frames do.
extension Message {
    /// As `init()`, in memory that holds nothing.
    @inlinable
    @inline(__always)
    package static func initializeEmpty(_ place: UnsafeMutablePointer<Message>) {
        // Safe because a frame is eight words, the last of which says what it is, so that nobody looks at
        // the others of an absent one, and the tail one more.
        let raw = UnsafeMutableRawPointer(place)
        unsafe raw.storeBytes(
            of: SIMD2(0, Frame.lastWord(.absent, count: 0, hasMore: false)), toByteOffset: 48,
            as: SIMD2<UInt64>.self)
        unsafe raw.storeBytes(of: 0, toByteOffset: 64, as: UInt64.self)
    }

    /// The first frame, where it lies.
    @inlinable
    @inline(__always)
    package static func head(
        of place: UnsafeMutablePointer<Message>
    ) -> UnsafeMutablePointer<Frame> {
        // Safe because it is the first member.
        unsafe UnsafeMutableRawPointer(place).assumingMemoryBound(to: Frame.self)
    }

    /// Leaves a message whose first frame was moved out of its place without it.
    @inlinable
    @inline(__always)
    package static func headWasMoved(from place: UnsafeMutablePointer<Message>) {
        unsafe UnsafeMutableRawPointer(place).storeBytes(
            of: Frame.lastWord(.absent, count: 0, hasMore: false), toByteOffset: 56,
            as: UInt64.self)
    }

    /// Ends a message in memory: what owns nothing takes a look.
    @inlinable
    @inline(__always)
    package static func end(_ place: UnsafeMutablePointer<Message>) {
        if unsafe place.pointee.head.isSlice || place.pointee.tail != nil {
            unsafe place.deinitialize(count: 1)
        }
    }
}

extension Frame {
    /// The payload of the frame at a place, valid while it lies there.
    @inlinable
    @inline(__always)
    package static func payload(
        of place: UnsafePointer<Frame>
    ) -> UnsafeRawBufferPointer {
        let raw = unsafe UnsafeRawPointer(place)
        // Safe because the last word says what the first three are: a slice's, or the payload itself.
        guard unsafe raw.load(fromByteOffset: 56, as: UInt8.self) == Kind.slice.rawValue else {
            let count = unsafe raw.load(fromByteOffset: 57, as: UInt8.self)
            return unsafe UnsafeRawBufferPointer(start: raw, count: Int(count))
        }
        return unsafe UnsafeRawBufferPointer(
            start: raw.load(fromByteOffset: 8, as: UnsafeRawPointer?.self),
            count: raw.load(fromByteOffset: 16, as: Int.self))
    }

    /// How many bytes `payload(of:)` has.
    @inlinable
    @inline(__always)
    package static func payloadCount(of place: UnsafePointer<Frame>) -> Int {
        let raw = unsafe UnsafeRawPointer(place)
        // As in `payload(of:)`.
        return unsafe raw.load(fromByteOffset: 56, as: UInt8.self) == Kind.slice.rawValue
            ? raw.load(fromByteOffset: 16, as: Int.self)
            : Int(raw.load(fromByteOffset: 57, as: UInt8.self))
    }

    /// The block that the frame at a place has a reference to, which is the caller's then; nil for one that
    /// owns nothing. The place is as if no frame had been there.
    @inlinable
    @inline(__always)
    package static func takeBlock(from place: UnsafeMutablePointer<Frame>) -> Block? {
        unsafe place.pointee.isSlice ? place.pointee.block : nil
    }
}
