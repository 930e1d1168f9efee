public import CMCZmq
import Glibc
import MCMemory
import MCPool

@c @implementation
public func zmq_msg_init(_ msg: UnsafeMutablePointer<zmq_msg_t>?) -> Int32 {
    guard let msg = unsafe msg else { return fail(.fault) }
    unsafe MessageCell.makeEmpty(msg)
    return 0
}

@c @implementation
public func zmq_msg_init_size(_ msg: UnsafeMutablePointer<zmq_msg_t>?, _ size: Int) -> Int32 {
    guard let msg = unsafe msg else { return fail(.fault) }
    guard let frame = Frame(uninitialized: size) else { return fail(Errno(ENOMEM)) }
    unsafe MessageCell.make(msg, of: frame)
    return 0
}

/// The user's memory and the function that takes it back, for a closure.
@safe
private struct Lent: @unchecked Sendable {
    let release: zmq_free_fn?
    let data: UnsafeMutableRawPointer?
    let hint: UnsafeMutableRawPointer?

    func giveBack() { unsafe release?(data, hint) }
}

@c @implementation
public func zmq_msg_init_data(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ data: UnsafeMutableRawPointer?, _ size: Int,
    _ free_fn: (@convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void)?,
    _ hint: UnsafeMutableRawPointer?
) -> Int32 {
    guard let msg = unsafe msg, unsafe data != nil || size == 0 else { return fail(.fault) }
    guard size >= 0 else { return fail(Errno(ENOMEM)) }
    let lent = unsafe Lent(release: free_fn, data: data, hint: hint)
    let cell = unsafe MessageCell.make(
        msg,
        of: Frame(
            adopting: UnsafeRawBufferPointer(start: data, count: size),
            release: { lent.giveBack() }))
    // What nobody takes back is constant, and everybody's.
    cell.isShared = unsafe free_fn == nil
    return 0
}

@c @implementation
public func zmq_msg_close(_ msg: UnsafeMutablePointer<zmq_msg_t>?) -> Int32 {
    guard let cell = unsafe MessageCell(msg) else { return fail(.fault) }
    cell.close()
    return 0
}

@c @implementation
public func zmq_msg_move(
    _ destination: UnsafeMutablePointer<zmq_msg_t>?, _ source: UnsafeMutablePointer<zmq_msg_t>?
) -> Int32 {
    guard let to = unsafe MessageCell(destination), let from = unsafe MessageCell(source) else {
        return fail(.fault)
    }
    if unsafe destination == source { return 0 }
    let isShared = from.isShared
    #if ZMQ_BUILD_DRAFT_API
    let label = from.label
    defer { to.label = label }
    #endif
    to.replace(with: from.take())
    to.isShared = isShared
    return 0
}

@c @implementation
public func zmq_msg_copy(
    _ destination: UnsafeMutablePointer<zmq_msg_t>?, _ source: UnsafeMutablePointer<zmq_msg_t>?
) -> Int32 {
    guard let to = unsafe MessageCell(destination), let from = unsafe MessageCell(source) else {
        return fail(.fault)
    }
    if unsafe destination == source { return 0 }
    to.replace(with: unsafe from.frame.pointee.copy())
    #if ZMQ_BUILD_DRAFT_API
    to.label = from.label
    #endif
    if unsafe from.frame.pointee.isSlice {
        from.isShared = true
        to.isShared = true
    }
    return 0
}

@c @implementation
public func zmq_msg_data(_ msg: UnsafeMutablePointer<zmq_msg_t>?) -> UnsafeMutableRawPointer? {
    guard let cell = unsafe MessageCell(msg) else { return unsafe failNil(.fault) }
    return unsafe UnsafeMutableRawPointer(mutating: cell.payload.baseAddress)
}

@c @implementation
public func zmq_msg_size(_ msg: UnsafePointer<zmq_msg_t>?) -> Int {
    guard let cell = unsafe MessageCell(msg) else {
        _ = fail(.fault)
        return 0
    }
    return cell.count
}

@c @implementation
public func zmq_msg_more(_ msg: UnsafePointer<zmq_msg_t>?) -> Int32 {
    unsafe zmq_msg_get(msg, ZMQ_MORE)
}

@c @implementation
public func zmq_msg_get(_ msg: UnsafePointer<zmq_msg_t>?, _ property: Int32) -> Int32 {
    guard let cell = unsafe MessageCell(msg) else { return fail(.fault) }
    switch property {
    case ZMQ_MORE: return unsafe cell.frame.pointee.hasMore ? 1 : 0
    case ZMQ_SHARED: return cell.isShared ? 1 : 0
    case ZMQ_SRCFD:
        guard let peer = unsafe PeerDirectory.peer(cell.frame.pointee.source) else {
            return fail(.invalid)
        }
        return peer.descriptor
    default: return fail(.invalid)
    }
}

@c @implementation
public func zmq_msg_set(
    _ msg: UnsafeMutablePointer<zmq_msg_t>?, _ property: Int32, _ value: Int32
) -> Int32 {
    // libzmq has no property that can be set.
    unsafe MessageCell(msg) == nil ? fail(.fault) : fail(.invalid)
}

@c @implementation
public func zmq_msg_gets(
    _ msg: UnsafePointer<zmq_msg_t>?, _ property: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
    guard let cell = unsafe MessageCell(msg), let property = unsafe property else {
        _ = fail(.fault)
        return nil
    }
    let name = unsafe String(cString: property)
    guard let peer = unsafe PeerDirectory.peer(cell.frame.pointee.source),
        let value = peer.libzmqProperty(name)
    else {
        _ = fail(.invalid)
        return nil
    }
    // Until the thread has asked for some more.
    return unsafe cmc_keep_text(value, value.count)
}

extension PeerDescription {
    /// A property by libzmq's name for it.
    fileprivate func libzmqProperty(_ name: String) -> [UInt8]? {
        switch name {
        case "Peer-Address": Array(address.utf8)
        case "Socket-Type": socketType.isEmpty ? nil : Array(socketType.utf8)
        // The second is the older name.
        case "Routing-Id", "Identity": socketType.isEmpty ? nil : routingID
        case "User-Id": userID.map { Array($0.utf8) }
        default: properties[name]
        }
    }
}
