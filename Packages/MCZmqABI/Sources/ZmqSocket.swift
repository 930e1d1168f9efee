import CMCZmq
import MCFacade
import MCLock
import MCMemory
import MCPatterns
import MCPool
import MCTransport
import Synchronization

/// A socket of the C interface: the engine, and the frames of messages that the user has sent or
/// received in part, for the engine knows whole messages only.
///
/// - Thread rule: any thread, although libzmq's sockets are for one. The frames are guarded by
///   `partsLock`; the flags tell from outside whether there are any.
final class ZmqSocket: HandleObject, @unchecked Sendable {
    static var handleKind: Int32 { Int32(CMC_HANDLE_SOCKET) }

    let type: Int32
    let context: ZmqContext
    let pattern: any Pattern
    let engine: SocketEngine
    /// The options that only this interface knows.
    let extras: Locked<ExtraOptions>

    #if ZMQ_BUILD_DRAFT_API
    /// Messages have one frame, and may be sent by many threads.
    let hasSingleFrames: Bool
    /// A received message is a group and a frame.
    let hasGroups: Bool
    #else
    let hasGroups = false
    #endif

    let partsLock: EngineLock
    /// What was sent with SNDMORE.
    @exclusivity(unchecked) var unsent = Message()
    /// What is left of the message that was received in part.
    @exclusivity(unchecked) var unreceived = Message()
    let hasUnsent = Atomic<Bool>(false)
    let hasUnreceived = Atomic<Bool>(false)
    /// Whether more frames follow the one that was received last (ZMQ_RCVMORE).
    let receivedMore = Atomic<Bool>(false)
    let monitor = Locked<MonitorSocket?>(nil)

    init(
        type: Int32, context: ZmqContext, facade: Context, settings: ZmqContext.Settings
    ) throws(Errno) {
        guard let pattern = SocketKind.makePattern(type) else { throw .invalid }
        self.type = type
        self.context = context
        self.pattern = pattern
        extras = Locked(ExtraOptions())
        #if ZMQ_BUILD_DRAFT_API
        hasSingleFrames = type >= ZMQ_SERVER && type != ZMQ_DGRAM
        hasGroups = type == ZMQ_DISH
        #endif
        var options = EngineOptions()
        options.isInterruptible = true
        options.refusesUnfitInproc = false
        options.greetsInSteps = true
        options.link.ipv6 = settings.ipv6
        options.link.backlog = 100
        options.lingerMilliseconds =
            settings.isBlocky && !(pattern is Subscriber || pattern is Dish) ? -1 : 0
        engine = try engineCall { () throws(SocketError) in
            try facade.makeEngine(pattern, options: options)
        }
        // At last: what throws before it would leave it behind.
        partsLock = EngineLock.create()
    }

    deinit { partsLock.destroy() }

    /// The user has closed the socket. What was sent whole still goes, within LINGER.
    func close() {
        if context.isInherited {
            // The child of a fork: the I/O thread that would do the rest is its parent's.
            _ = unsafe Unmanaged.passRetained(self)
        } else {
            engine.close()
            monitor.withLock { $0 }?.stop()
        }
        context.socketClosed()
    }
}
