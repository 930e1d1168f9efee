#if ZMQ_BUILD_DRAFT_API
public import CMCZmq
import Glibc
import MCLock
import MCMemory

/// What a message of the draft interface has besides its payload.
struct MessageLabel {
    /// Whom it is for, or came from; 0 for nobody.
    var routingID: UInt32 = 0
    /// nil where none was set.
    var group: [UInt8]?
}

/// The groups of messages, which have no room for them: a message with a group has a number here in
/// place of its source.
private enum MessageGroups {
    @safe
    struct Entry {
        /// With a zero byte behind it; stays in its place as long as the message has it.
        let text: UnsafeMutablePointer<CChar>
        let routingID: UInt32
    }

    static let entries = Locked<(used: [UInt32: Entry], last: UInt32)>((used: [:], last: 0))

    static func add(_ group: [UInt8], routingID: UInt32) -> UInt32 {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: group.count + 1)
        for (index, byte) in group.enumerated() { unsafe text[index] = CChar(bitPattern: byte) }
        unsafe text[group.count] = 0
        let entry = unsafe Entry(text: text, routingID: routingID)
        return entries.withLock { entries in
            repeat { entries.last &+= 1 } while entries.used[entries.last] != nil
            entries.used[entries.last] = entry
            return entries.last
        }
    }

    static func entry(_ number: UInt32) -> Entry? { entries.withLock { $0.used[number] } }

    static func remove(_ number: UInt32) {
        let entry = entries.withLock { $0.used.removeValue(forKey: number) }
        unsafe entry?.text.deallocate()
    }
}

extension MessageCell {
    var label: MessageLabel {
        get {
            let word = unsafe frame.pointee.source
            guard hasGroup else { return MessageLabel(routingID: isAddressed ? word : 0) }
            guard let entry = MessageGroups.entry(word) else { return MessageLabel() }
            let text = unsafe UnsafeRawBufferPointer(
                start: entry.text, count: strlen(entry.text))
            return MessageLabel(routingID: entry.routingID, group: unsafe [UInt8](text))
        }
        nonmutating set {
            if hasGroup { forgetGroup() }
            isAddressed = false
            if let group = newValue.group {
                unsafe frame.pointee.source = MessageGroups.add(
                    group, routingID: newValue.routingID)
                hasGroup = true
            } else if newValue.routingID != 0 {
                unsafe frame.pointee.source = newValue.routingID
                isAddressed = true
            }
        }
    }

    /// The group as text that lives as long as the message has it.
    var groupText: UnsafePointer<CChar>? {
        guard hasGroup else { return nil }
        return unsafe MessageGroups.entry(frame.pointee.source).map {
            unsafe UnsafePointer($0.text)
        }
    }

    @inline(never)
    func forgetGroup() {
        MessageGroups.remove(unsafe frame.pointee.source)
        unsafe frame.pointee.source = 0
        hasGroup = false
    }
}

@c @implementation
public func zmq_msg_set_routing_id(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ routing_id: UInt32
) -> Int32 {
    guard let cell = unsafe MessageCell(msg) else { return fail(.fault) }
    guard routing_id != 0 else { return fail(.invalid) }
    cell.label.routingID = routing_id
    return 0
}

@c @implementation
public func zmq_msg_routing_id(_ msg: UnsafeMutablePointer<zmq_msg_t>?) -> UInt32 {
    guard let cell = unsafe MessageCell(msg) else { return 0 }
    return cell.label.routingID
}

@c @implementation
public func zmq_msg_set_group(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ group: UnsafePointer<CChar>?
) -> Int32 {
    guard let cell = unsafe MessageCell(msg), let group = unsafe group else {
        return fail(.fault)
    }
    guard let bytes = unsafe groupBytes(group) else { return fail(.invalid) }
    cell.label.group = bytes
    return 0
}

@c @implementation
public func zmq_msg_group(_ msg: UnsafeMutablePointer<zmq_msg_t>?) -> UnsafePointer<CChar>? {
    guard let cell = unsafe MessageCell(msg) else {
        _ = fail(.fault)
        return nil
    }
    return unsafe cell.groupText ?? staticText("")
}

@c @implementation
public func zmq_msg_init_buffer(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ bytes: UnsafeRawPointer?, _ size: Int
) -> Int32 {
    guard let msg = unsafe msg, unsafe bytes != nil || size == 0 else { return fail(.fault) }
    guard size >= 0,
        let frame = unsafe Frame(
            copyingIfPossible: UnsafeRawBufferPointer(start: bytes, count: size))
    else { return fail(Errno(ENOMEM)) }
    unsafe MessageCell.make(msg, of: frame)
    return 0
}

/// A group's name; nil when it is too long.
func groupBytes(_ text: UnsafePointer<CChar>) -> [UInt8]? {
    let limit = Int(ZMQ_GROUP_MAX_LENGTH)
    let count = unsafe strnlen(text, limit + 1)
    guard count <= limit else { return nil }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: text, count: count))
}
#endif
