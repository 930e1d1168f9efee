import MCCodec
package import MCMemory
package import MCPool

/// DISH: receives from all of its peers, in turn, what is sent to the groups that it has joined (RFC 48).
/// A message is two frames: the group and the body.
package final class Dish: Pattern {
    /// The longest name of a group (ZMQ_GROUP_MAX_LENGTH).
    package static let maximumGroupBytes = 255

    package let socketType = "DISH"
    package let canSend = false
    package let canReceive = true
    private var pipes: [Pipe] = []
    private let fairQueue = FairQueue.create()
    private var groups: Set<RoutingKey> = []
    private var names: Set<[UInt8]> = []
    /// The next message, when somebody has asked whether there is one: only a message of a group that
    /// was joined is a reason to be ready.
    private var found = Message()

    package init() {}

    deinit { fairQueue.destroy() }

    package var datagramRole: DatagramRole? { .receivesGroups }

    package func attach(_ pipe: Pipe) -> Bool {
        pipes.append(pipe)
        fairQueue.add(pipe)
        return true
    }

    package func connected(_ pipe: Pipe) -> Bool {
        for name in names { pipe.tell(GroupRequest(isJoin: true, group: name)) }
        return true
    }

    package func detach(_ pipe: Pipe) {
        pipes.removeAll { $0 == pipe }
        fairQueue.remove(pipe)
    }

    package func readable(_ pipe: Pipe) { fairQueue.activate(pipe) }

    /// Joins a group, or leaves it.
    ///
    /// - Throws: `invalidOption` for a name that is too long, `invalidState` when it is in the group
    ///   already, or not in it.
    package func change(_ group: [UInt8], joins: Bool) throws(SocketError) {
        guard group.count <= Dish.maximumGroupBytes else {
            throw SocketError(
                .invalidOption,
                "a group's name has up to \(Dish.maximumGroupBytes) bytes, not \(group.count)")
        }
        guard names.contains(group) != joins else {
            throw SocketError(
                .invalidState, "the DISH socket is \(joins ? "already" : "not") in that group")
        }
        if joins {
            names.insert(group)
            groups.insert(RoutingKey(group))
        } else {
            names.remove(group)
            groups.remove(RoutingKey(group))
        }
        let request = GroupRequest(isJoin: joins, group: group)
        for pipe in pipes where pipe.pointee.isConnected { pipe.tell(request) }
    }

    package func receive(into message: inout Message) throws(SocketError) -> Bool {
        if !found.isEmpty {
            message = Message()
            swap(&message, &found)
            if isWanted(message) { return true }
        }
        return receiveNext(into: &message)
    }

    private func receiveNext(into message: inout Message) -> Bool {
        // A RADIO chooses, but a message may be under way when its group is left; a peer may also send
        // what is no message of RADIO's.
        while let pipe = fairQueue.receive(into: &message) {
            if isWanted(message) { return true }
            var dropped = Message()
            swap(&dropped, &message)
            pipe.discard(dropped)
        }
        return false
    }

    private func isWanted(_ message: borrowing Message) -> Bool {
        guard message.count == 2 else { return false }
        return message.withFrame(0) { frame in
            unsafe frame.withUnsafeBytes { unsafe groups.contains(RoutingKey($0)) }
        }
    }

    package func isReadyToReceive() -> Bool {
        if !found.isEmpty && isWanted(found) { return true }
        found = Message()
        var next = Message()
        guard receiveNext(into: &next) else { return false }
        swap(&found, &next)
        return true
    }
}

extension Pipe {
    /// Tells a RADIO of a group that is joined, or left.
    fileprivate func tell(_ request: GroupRequest) {
        if pointee.isInproc {
            unsafe request.body.withUnsafeBytes { unsafe write(Outgoing($0)) }
        } else {
            var frame: [UInt8] = []
            request.encode(into: &frame)
            writeEncoded(frame)
        }
    }
}
