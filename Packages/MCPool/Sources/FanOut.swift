import CMCLinux
import MCCodec
import MCMemory

/// Sends each message to many pipes (RFC 29), the same bytes encoded once for all of them.
///
/// While one message after the other goes to the same pipes, their frames are gathered in a block
/// of all: a **run**. When it ends, each pipe gets a reference to the run, as one segment of its
/// buffer: what a message costs is one copy, however many pipes there are. A run ends when it is
/// long enough to be written, when its pipes are no longer those that the next message is for, or
/// when it has become old (`SocketEngine.tick`). Where messages go to other pipes than those
/// before, each pipe gets a copy of its own.
///
/// High-water marks are those of the pipes: a run is never longer than the room of any of its
/// members, and a pipe with little room is none, but is looked at for every message.
///
/// - Thread rule: guarded by the engine's lock.
/// - Complexity: O(1) per message of a run; O(pipes) for a run's begin and end, and for a message of
///   none.
/// - Ownership: a plain pointer, as `TurnList`; the pattern calls `close` before a pipe of an
///   audience goes, and `destroy` when it goes itself.
@safe
package struct FanOut {
    /// A run of so many bytes ends, and is written by whoever sent it.
    static let runBytes = 64 << 10
    /// The longest message in a run: longer ones gain nothing from company.
    static let messageBytes = 16 << 10
    private static let blockBytes = (128 << 10) - Heap.headerBytes
    /// So many messages in a row are for the same pipes before the next begins a run.
    private static let repeatsToOpen = 2
    /// A pipe with less room than this, or than a quarter of its high-water mark, is no member: its
    /// mark would cut everybody's runs short.
    private static let smallestRoom = 64

    @safe
    private struct State {
        // Safe because both lists have `capacity` places, and only this file follows the pointers.

        /// Pipes that get the run, and pipes of its audience that each message is written to.
        var members: UnsafeMutablePointer<Pipe>
        var memberCount = 0
        var others: UnsafeMutablePointer<Pipe>
        var otherCount = 0
        var capacity = 16

        /// Whose pipes they are; known from the first run on.
        unowned(unsafe) var engine: SocketEngine?
        /// `SocketEngine.runLength`.
        var length: RunLength?
        var isOpen = false
        /// Messages in the run, and how many fit in.
        var messages = 0
        var budget = 0
        /// Messages in a row that were for the same pipes.
        var repeats = 0

        // The block that runs are cut from, the run's begin in it and its end so far.
        var block: Block?
        var start: UnsafeMutableRawPointer?
        var cursor: UnsafeMutableRawPointer?
        var limit: UnsafeMutableRawPointer?
    }

    private let state: UnsafeMutablePointer<State>

    package static func create() -> FanOut {
        let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(
            to: State(members: .allocate(capacity: 16), others: .allocate(capacity: 16)))
        return unsafe FanOut(state: state)
    }

    package func destroy() {
        unsafe state.pointee.block?.release()
        unsafe state.pointee.members.deallocate()
        unsafe state.pointee.others.deallocate()
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Sends a message to every pipe of an audience that has room.
    ///
    /// - Parameters:
    ///   - audience: the numbers of attached pipes (`Pipe.bitPattern`), each once.
    ///   - isSame: the audience is the same as the last time.
    package func send(
        _ message: Outgoing, to audience: UnsafeBufferPointer<Int>, isSame: Bool
    ) {
        if isSame {
            if unsafe state.pointee.isOpen || shouldOpen, unsafe open(for: audience),
                append(message)
            {
                return
            }
        } else {
            unsafe state.pointee.repeats = 0
        }
        close(isDue: false)
        for place in 0..<audience.count {
            // Safe because the caller names attached pipes.
            if let pipe = Pipe(bitPattern: unsafe audience[place]) { writeAlone(message, to: pipe) }
        }
    }

    /// Ends the run, if there is one: from now on its messages are in the pipes.
    ///
    /// - Parameter isDue: the pipes are to be written now.
    package func close(isDue: Bool = false) {
        if unsafe state.pointee.isOpen { closeRun(isDue: isDue) }
    }
}

// MARK: - A message of no run

extension FanOut {
    @inline(__always)
    private func writeAlone(_ message: Outgoing, to pipe: Pipe) {
        guard pipe.hasRoom else { return }
        pipe.write(message)
        // Nobody waits for room in such a pipe, so nobody would write it when it is full.
        if pipe.pointee.fill.byteCount >= FanOut.runBytes || pipe.isHalfFull {
            pipe.dueNow()
        }
    }
}

extension Pipe {
    /// Has the pipe written as soon as the lock is let go, although a burst is going on.
    fileprivate func dueNow() {
        guard !pointee.isBlocked, !pointee.isWriting, pointee.peer == nil else { return }
        pointee.isDue = true
        unsafe pointee.engine.markDirty(self)
    }
}

// MARK: - Runs

extension FanOut {
    private var shouldOpen: Bool {
        unsafe state.pointee.repeats &+= 1
        return unsafe state.pointee.repeats > FanOut.repeatsToOpen
    }

    /// Begins a run, unless it has begun.
    ///
    /// - Returns: false when no pipe can be a member.
    @inline(__always)
    private func open(for audience: UnsafeBufferPointer<Int>) -> Bool {
        unsafe state.pointee.isOpen || openRun(for: audience)
    }

    @inline(never)
    private func openRun(for audience: UnsafeBufferPointer<Int>) -> Bool {
        makeRoom(for: audience.count)
        var (members, others, budget) = (0, 0, Int.max)
        for place in 0..<audience.count {
            guard let pipe = Pipe(bitPattern: unsafe audience[place]) else { continue }
            let room = pipe.pointee.roomForRun
            if room >= max(FanOut.smallestRoom, pipe.pointee.sendHighWaterMark / 4) {
                unsafe state.pointee.members[members] = pipe
                members += 1
                budget = min(budget, room)
            } else {
                unsafe state.pointee.others[others] = pipe
                others += 1
            }
        }
        guard members > 0 else {
            // They are all full, probably, and will be for a while.
            unsafe state.pointee.repeats = -64
            return false
        }
        unsafe state.pointee.memberCount = members
        unsafe state.pointee.otherCount = others
        unsafe state.pointee.budget = budget
        unsafe state.pointee.messages = 0
        let room = FanOut.runBytes + FanOut.messageBytes
        if let cursor = unsafe state.pointee.cursor, let limit = unsafe state.pointee.limit,
            unsafe limit - cursor >= room
        {
            unsafe state.pointee.start = cursor
        } else {
            takeBlock()
        }
        unsafe state.pointee.isOpen = true
        unsafe state.pointee.engine = state.pointee.members[0].pointee.engine
        unsafe state.pointee.length = state.pointee.engine?.runLength
        unsafe state.pointee.engine?.opened(self)
        return true
    }

    private func takeBlock() {
        unsafe state.pointee.block?.release()
        let block = Block.allocate(capacity: FanOut.blockBytes)
        unsafe state.pointee.block = block
        unsafe state.pointee.start = block.payload
        unsafe state.pointee.cursor = block.payload
        unsafe state.pointee.limit = block.payload + block.capacity
    }

    private func makeRoom(for pipes: Int) {
        guard unsafe pipes > state.pointee.capacity else { return }
        unsafe state.pointee.members.deallocate()
        unsafe state.pointee.others.deallocate()
        unsafe state.pointee.capacity = pipes * 2
        unsafe state.pointee.members = .allocate(capacity: pipes * 2)
        unsafe state.pointee.others = .allocate(capacity: pipes * 2)
    }

    /// Adds a message to the open run, and writes it to the pipes that are no members.
    ///
    /// - Returns: false when the message is none for a run.
    @inline(__always)
    private func append(_ message: Outgoing) -> Bool {
        guard message.restCount == 0 else { return appendAll(of: message) }
        guard message.count < OutBuffer.gatherBytes else { return false }
        unsafe encode(message.address, count: message.count, flags: [])
        return endMessage(message)
    }

    @inline(__always)
    private func encode(_ body: UnsafeRawPointer?, count: Int, flags: FrameFlags) {
        let cursor = unsafe state.pointee.cursor.unsafelyUnwrapped
        let header = unsafe FrameHeader(flags: flags, bodyLength: UInt64(count)).encode(
            into: cursor)
        if count > 0 { unsafe cmc_copy_exact(cursor + header, body.unsafelyUnwrapped, count) }
        unsafe state.pointee.cursor = cursor + (header &+ count)
    }

    @inline(__always)
    private func endMessage(_ message: Outgoing) -> Bool {
        unsafe state.pointee.messages &+= 1
        unsafe state.pointee.length?.value = state.pointee.messages
        if unsafe state.pointee.otherCount > 0 { writeToOthers(message) }
        if unsafe state.pointee.messages >= state.pointee.budget
            || bytesInRun >= FanOut.runBytes
        {
            closeRun(isDue: true)
        }
        return true
    }

    private var bytesInRun: Int {
        unsafe state.pointee.cursor.unsafelyUnwrapped - state.pointee.start.unsafelyUnwrapped
    }

    @inline(never)
    private func writeToOthers(_ message: Outgoing) {
        for index in unsafe 0..<state.pointee.otherCount {
            writeAlone(message, to: unsafe state.pointee.others[index])
        }
    }

    /// A message of several frames: all of them, or none.
    @inline(never)
    private func appendAll(of message: Outgoing) -> Bool {
        guard let rest = unsafe message.rest else { return false }
        var total = message.count + FrameHeader.maximumLength
        for index in 0..<message.restCount {
            let frame = unsafe rest + index
            total += unsafe frame.pointee.borrowedBytes(at: frame).count
            total += FrameHeader.maximumLength
        }
        guard total <= FanOut.messageBytes else { return false }
        unsafe encode(message.address, count: message.count, flags: .more)
        for index in 0..<message.restCount {
            let frame = unsafe rest + index
            let bytes = unsafe frame.pointee.borrowedBytes(at: frame)
            unsafe encode(
                bytes.baseAddress, count: bytes.count,
                flags: index + 1 < message.restCount ? .more : [])
        }
        return endMessage(message)
    }

    @inline(never)
    private func closeRun(isDue: Bool) {
        unsafe state.pointee.isOpen = false
        unsafe state.pointee.engine?.closedFanOut()
        let messages = unsafe state.pointee.messages
        guard messages > 0, let block = unsafe state.pointee.block,
            let start = unsafe state.pointee.start
        else { return }
        let count = bytesInRun
        for index in unsafe 0..<state.pointee.memberCount {
            let pipe = unsafe state.pointee.members[index]
            unsafe pipe.pointee.fill.append(
                run: block, address: start, count: count, messages: messages)
            pipe.pointee.queuedMessages &+= messages
            if isDue { pipe.pointee.isDue = true }
            unsafe pipe.pointee.engine.markDirty(pipe)
        }
    }
}
