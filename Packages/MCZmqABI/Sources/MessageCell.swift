import CMCZmq
import Glibc
import MCMemory

/// A `zmq_msg_t` in the user's memory: a `Frame`, in whose spare byte stands that it is one.
///
/// Both have 64 bytes. A message that was closed, or never made, lacks the mark.
@safe
struct MessageCell {
    private let raw: UnsafeMutableRawPointer

    /// Where `Frame` has its spare byte.
    private static let markOffset = 59
    private static let mark: UInt8 = 0xA4
    private static let sharedBit: UInt8 = 1
    /// There is a group, by the number that stands where a routing id would (`MessageGroups`).
    private static let groupBit: UInt8 = 2

    /// - Returns: nil where there is no message.
    @inline(__always)
    init?(_ message: UnsafeMutablePointer<zmq_msg_t>?) {
        guard let message = unsafe message, unsafe MessageCell.isMessage(message) else {
            return nil
        }
        unsafe raw = UnsafeMutableRawPointer(message)
    }

    @inline(__always)
    init?(_ message: UnsafePointer<zmq_msg_t>?) {
        unsafe self.init(UnsafeMutablePointer(mutating: message))
    }

    @inline(__always)
    private static func isMessage(_ message: UnsafeMutablePointer<zmq_msg_t>) -> Bool {
        unsafe UnsafeRawPointer(message).load(fromByteOffset: markOffset, as: UInt8.self)
            & ~(sharedBit | groupBit) == mark
    }

    /// The frame in place.
    var frame: UnsafeMutablePointer<Frame> {
        // Safe because a marked cell has held a frame since `make`.
        unsafe raw.assumingMemoryBound(to: Frame.self)
    }

    /// Makes a message of memory that holds none.
    @discardableResult
    @inline(__always)
    static func make(
        _ message: UnsafeMutablePointer<zmq_msg_t>, of frame: consuming Frame
    ) -> MessageCell {
        unsafe UnsafeMutableRawPointer(message).initializeMemory(as: Frame.self, to: frame)
        unsafe UnsafeMutableRawPointer(message).storeBytes(
            of: mark, toByteOffset: markOffset, as: UInt8.self)
        return unsafe MessageCell(made: message)
    }

    private init(made message: UnsafeMutablePointer<zmq_msg_t>) {
        unsafe raw = UnsafeMutableRawPointer(message)
    }

    /// Puts another frame in place of the message's, which is let go.
    @inline(__always)
    func replace(with frame: consuming Frame) {
        dropGroup()
        let old = unsafe self.frame.move()
        unsafe self.frame.initialize(to: frame)
        unsafe raw.storeBytes(
            of: MessageCell.mark, toByteOffset: MessageCell.markOffset, as: UInt8.self)
        // Behind the change: letting go may run code of the user's.
        _ = consume old
    }

    /// Takes the frame; what is left is an empty message.
    @inline(__always)
    func take() -> Frame {
        dropGroup()
        let taken = unsafe frame.move()
        unsafe frame.initialize(to: Frame())
        unsafe raw.storeBytes(
            of: MessageCell.mark, toByteOffset: MessageCell.markOffset, as: UInt8.self)
        return taken
    }

    /// Takes the frame; what is left is no message.
    func close() -> Frame {
        dropGroup()
        let taken = unsafe frame.move()
        unsafe raw.storeBytes(of: 0, toByteOffset: MessageCell.markOffset, as: UInt8.self)
        return taken
    }

    /// Whether others may have the payload, too (ZMQ_SHARED).
    var isShared: Bool {
        get {
            unsafe raw.load(fromByteOffset: MessageCell.markOffset, as: UInt8.self)
                & MessageCell.sharedBit != 0
        }
        nonmutating set {
            set(MessageCell.sharedBit, newValue)
        }
    }

    private func set(_ bit: UInt8, _ isOn: Bool) {
        let old = unsafe raw.load(fromByteOffset: MessageCell.markOffset, as: UInt8.self)
        unsafe raw.storeBytes(
            of: isOn ? old | bit : old & ~bit, toByteOffset: MessageCell.markOffset,
            as: UInt8.self)
    }

    var hasGroup: Bool {
        get {
            unsafe raw.load(fromByteOffset: MessageCell.markOffset, as: UInt8.self)
                & MessageCell.groupBit != 0
        }
        nonmutating set { set(MessageCell.groupBit, newValue) }
    }

    @inline(__always)
    private func dropGroup() {
        #if ZMQ_BUILD_DRAFT_API
        if hasGroup { forgetGroup() }
        #endif
    }
}
