import MCCodec
package import MCMemory
package import MCPool

/// RADIO: sends each message to every peer that is in its group (RFC 48); a peer without room misses it.
///
/// A message is two frames, as it is on the wire: the group and the body. Peers join and leave by the
/// commands JOIN and LEAVE; those of this process by messages that look as the commands' bodies.
package final class Radio: Pattern {
    package let socketType = "RADIO"
    package let canSend = true
    package let canReceive = false
    /// A peer without room blocks the send, instead of missing the message (ZMQ_XPUB_NODROP).
    package var waitsForRoom = false
    /// Who is in a group, by the pipes' numbers, each once.
    private var groups: [RoutingKey: [Int]] = [:]
    /// Whose message was sent last, as long as nobody has joined or left.
    private var lastGroup: RoutingKey?
    /// Datagram endpoints, which get every message: who receives it there is for the network to say.
    private var datagramPipes: [Pipe] = []
    /// What in-process peers send.
    private let requests = FairQueue.create()
    private let fanOut = FanOut.create()

    package init() {}

    deinit {
        requests.destroy()
        fanOut.destroy()
    }

    package var takesMessages: Bool { true }

    package var datagramRole: DatagramRole? { .sendsToGroups }

    package func attach(_ pipe: Pipe) -> Bool {
        if pipe.isDatagram { datagramPipes.append(pipe) } else { requests.add(pipe) }
        return true
    }

    package func disconnected(_ pipe: Pipe) { forget(pipe) }

    package func closeSending(_ pipe: Pipe) { fanOut.close() }

    package func detach(_ pipe: Pipe) {
        datagramPipes.removeAll { $0 == pipe }
        forget(pipe)
        requests.remove(pipe)
    }

    // MARK: Groups

    package func membership(_ group: UnsafeRawBufferPointer, joins: Bool, of pipe: Pipe) {
        guard group.count <= Dish.maximumGroupBytes else { return }
        let key = unsafe RoutingKey(group)
        let number = pipe.bitPattern
        membershipChanges()
        let isIn = groups[key]?.contains(number) ?? false
        if joins && !isIn {
            groups[key, default: []].append(number)
        } else if !joins && isIn {
            leave(key, number)
        }
    }

    private func leave(_ key: RoutingKey, _ number: Int) {
        groups[key]?.removeAll { $0 == number }
        if groups[key]?.isEmpty ?? false { groups[key] = nil }
    }

    private func forget(_ pipe: Pipe) {
        membershipChanges()
        for key in groups.keys { leave(key, pipe.bitPattern) }
    }

    private func membershipChanges() {
        fanOut.close()
        lastGroup = nil
    }

    package func readable(_ pipe: Pipe) {
        requests.activate(pipe)
        var message = Message()
        while let pipe = requests.receive(into: &message) {
            var taken = Message()
            swap(&taken, &message)
            intake(taken, from: pipe)
        }
    }

    package func intake(_ message: consuming Message, from pipe: Pipe) {
        if pipe.pointee.isInproc, message.count == 1 {
            message.withFrame(0) { frame in
                unsafe frame.withUnsafeBytes { bytes in
                    guard let (isJoin, group) = unsafe GroupRequest.parse(bytes) else { return }
                    unsafe membership(group, joins: isJoin, of: pipe)
                }
            }
        }
        pipe.discard(message)
    }

    // MARK: Messages

    package func send(_ message: Outgoing) throws(SocketError) -> SendOutcome {
        guard message.restCount == 1, message.count <= Dish.maximumGroupBytes else {
            throw SocketError(
                .invalidMessage,
                "a RADIO message is a group of up to \(Dish.maximumGroupBytes) bytes and one frame")
        }
        let key = unsafe RoutingKey(message.firstBytes)
        let audience = groups[key] ?? []
        if waitsForRoom {
            // With the run in the pipes their room is what it is.
            fanOut.close()
            if audience.contains(where: { Pipe(bitPattern: $0)?.isFull ?? false }) {
                return .blocked
            }
        }
        for pipe in datagramPipes { pipe.sendDatagram(message) }
        if audience.isEmpty { return .sent }
        let isSame = key == lastGroup && !waitsForRoom
        lastGroup = key
        unsafe audience.withUnsafeBufferPointer {
            unsafe fanOut.send(message, to: $0, isSame: isSame)
        }
        return .sent
    }

    package func checkRoute(
        _ first: UnsafeRawBufferPointer
    ) throws(SocketError) -> SendOutcome {
        throw SocketError(.invalidMessage, "a RADIO message has one frame")
    }

    package func isReadyToSend() -> Bool { true }
}
