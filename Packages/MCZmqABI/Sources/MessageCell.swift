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
    /// The word that it is in: what the frame is, its length, whether more follow, the mark, the source.
    private static let lastWordOffset = 56
    private static let mark: UInt8 = 0xA4
    private static let sharedBit: UInt8 = 1
    /// There is a group, by the number that stands where a routing id would (`MessageGroups`).
    private static let groupBit: UInt8 = 2
    /// The frame's source is a routing id: of whom it goes to, or of whom a SERVER got it from.
    private static let addressedBit: UInt8 = 8

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
            & ~(sharedBit | groupBit | addressedBit) == mark
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

    /// The bytes.
    @inline(__always)
    var payload: UnsafeRawBufferPointer { unsafe Frame.payload(of: frame) }

    /// How many they are.
    @inline(__always)
    var count: Int { unsafe Frame.payloadCount(of: frame) }

    /// An empty message in memory that holds none.
    @inline(__always)
    static func makeEmpty(_ message: UnsafeMutablePointer<zmq_msg_t>) {
        // Safe because nobody looks at the other words of an empty frame.
        unsafe UnsafeMutableRawPointer(message).storeBytes(
            of: UInt64(mark) << 24, toByteOffset: lastWordOffset, as: UInt64.self)
    }

    /// Lets go of what the message has, which is an empty one then: a block that is free again is the next
    /// one that is taken, while the nearest cache has it.
    @inline(__always)
    func clear() { letGo(mark: MessageCell.mark) }

    /// Lets go of what the message has, which is none then.
    @inline(__always)
    func close() { letGo(mark: 0) }

    @inline(__always)
    private func letGo(mark: UInt8) {
        dropGroup()
        let block = unsafe Frame.takeBlock(from: frame)
        unsafe raw.storeBytes(
            of: UInt64(mark) << 24, toByteOffset: MessageCell.lastWordOffset, as: UInt64.self)
        // At last: it may run code of the user's, to which this message is a whole one.
        block?.release()
    }

    /// Puts a frame, moved from where it lies, in place of what owns nothing (`clear`).
    @inline(__always)
    func fill(withFrameAt place: UnsafeMutablePointer<Frame>) {
        // Safe because what is overwritten owns nothing, and the other one is given up by its place. In
        // pieces as wide as they were written, so that the processor need not wait for them.
        let from = UnsafeRawPointer(place)
        unsafe move(from, 0)
        unsafe move(from, 16)
        unsafe move(from, 48)
        // A slice's words end before it.
        if unsafe !place.pointee.isSlice { unsafe move(from, 32) }
        unsafe raw.storeBytes(
            of: MessageCell.mark, toByteOffset: MessageCell.markOffset, as: UInt8.self)
    }

    /// A frame was made where an empty message's was.
    ///
    /// - Returns: its length, as calls tell it.
    @inline(__always)
    func wasFilled() -> Int32 {
        unsafe raw.storeBytes(
            of: MessageCell.mark, toByteOffset: MessageCell.markOffset, as: UInt8.self)
        return Int32(clamping: count)
    }

    @inline(__always)
    private func move(_ from: UnsafeRawPointer, _ offset: Int) {
        unsafe raw.storeBytes(
            of: from.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self),
            toByteOffset: offset, as: SIMD2<UInt64>.self)
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

    // MARK: What the spare byte says besides

    /// Whether others may have the payload, too (ZMQ_SHARED).
    var isShared: Bool {
        get { has(MessageCell.sharedBit) }
        nonmutating set { set(MessageCell.sharedBit, newValue) }
    }

    var hasGroup: Bool {
        get { has(MessageCell.groupBit) }
        nonmutating set { set(MessageCell.groupBit, newValue) }
    }

    var isAddressed: Bool {
        get { has(MessageCell.addressedBit) }
        nonmutating set { set(MessageCell.addressedBit, newValue) }
    }

    private func has(_ bit: UInt8) -> Bool {
        unsafe raw.load(fromByteOffset: MessageCell.markOffset, as: UInt8.self) & bit != 0
    }

    private func set(_ bit: UInt8, _ isOn: Bool) {
        let old = unsafe raw.load(fromByteOffset: MessageCell.markOffset, as: UInt8.self)
        unsafe raw.storeBytes(
            of: isOn ? old | bit : old & ~bit, toByteOffset: MessageCell.markOffset,
            as: UInt8.self)
    }

    @inline(__always)
    private func dropGroup() {
        #if ZMQ_BUILD_DRAFT_API
        if hasGroup { forgetGroup() }
        #endif
    }
}
