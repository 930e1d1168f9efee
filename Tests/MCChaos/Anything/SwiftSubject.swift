import Glibc
import MCFacade
import MCLock
import MCMemory
import MCTestSupport

/// A socket of the Swift interface, of the types that libzmq calls draft as well: with blocking calls,
/// tasks and callbacks.
final class SwiftSubject: Subject {
    let home: ObjectIdentifier
    let name: String
    let socket: Socket
    private let lastNumber = Locked<UInt32>(0)
    private let lastPeer = Locked<[UInt8]>([])

    var speaksDatagrams: Bool {
        socket is RadioSocket || socket is DishSocket || socket is DatagramSocket
    }

    static let kinds = 0...16

    private static func make(
        _ kind: Int, _ context: Context, _ options: SocketOptions
    ) throws(SocketError) -> Socket {
        switch kind {
        case 0: try ServerSocket(context: context, options: options)
        case 1: try ClientSocket(context: context, options: options)
        case 2: try RadioSocket(context: context, options: options)
        case 3: try DishSocket(context: context, options: options)
        case 4: try ScatterSocket(context: context, options: options)
        case 5: try GatherSocket(context: context, options: options)
        case 6: try PushSocket(context: context, options: options)
        case 7: try PullSocket(context: context, options: options)
        case 8: try DealerSocket(context: context, options: options)
        case 9: try RouterSocket(context: context, options: options)
        case 10: try PubSocket(context: context, options: options)
        case 11: try SubSocket(context: context, options: options)
        case 12: try PeerSocket(context: context, options: options)
        case 13: try ChannelSocket(context: context, options: options)
        case 14: try PairSocket(context: context, options: options)
        case 15: try ReqSocket(context: context, options: options)
        default: try DatagramSocket(context: context, options: options)
        }
    }

    /// - Returns: nil when the context is over.
    init?(_ context: Context, kind: Int, _ chance: inout Chance) {
        var options = SocketOptions()
        options.lingerMilliseconds = chance.one(0, 0, 1, 20)
        options.sendTimeoutMilliseconds = chance.one(of: Worker.timeouts)
        options.receiveTimeoutMilliseconds = chance.one(of: Worker.timeouts)
        options.reconnectIntervalMilliseconds = chance.one(1, 10, 100)
        SwiftSubject.change(&options, &chance)
        guard let socket = try? SwiftSubject.make(kind, context, options) else { return nil }
        self.socket = socket
        home = ObjectIdentifier(context)
        name = "\(Swift.type(of: socket))"
        if let sub = socket as? SubSocket { try? sub.subscribe() }
        try? (socket as? DishSocket)?.join("a")
    }

    func bind(_ endpoint: String) { _ = try? socket.bind(endpoint) }
    func connect(_ endpoint: String) {
        if let peer = socket as? PeerSocket {
            if let number = try? peer.connectPeer(endpoint) { lastNumber.withLock { $0 = number } }
        } else {
            try? socket.connect(endpoint)
        }
    }
    func unbind(_ endpoint: String) { try? socket.unbind(endpoint) }
    func disconnect(_ endpoint: String) { try? socket.disconnect(endpoint) }
    var lastEndpoint: String { socket.lastEndpoint }
    func close() { socket.close() }

    // MARK: Options

    private static func change(_ options: inout SocketOptions, _ chance: inout Chance) {
        for _ in 0..<chance.number(1...3) {
            switch chance.number(0...12) {
            case 0: options.sendHighWaterMark = chance.one(0, 1, 10)
            case 1: options.receiveHighWaterMark = chance.one(0, 1, 10)
            case 2: options.heartbeatIntervalMilliseconds = chance.one(0, 1, 50)
            case 3: options.heartbeatTimeoutMilliseconds = chance.one(-1, 5, 500)
            case 4: options.handshakeIntervalMilliseconds = chance.one(0, 5, 500)
            case 5: options.maximumMessageBytes = chance.one(-1, 100, 10_000)
            case 6: options.conflates = chance.chance(oneIn: 2)
            case 7: options.reconnectIntervalMilliseconds = chance.one(-1, 1, 100)
            case 8: options.connectTimeoutMilliseconds = chance.one(0, 1, 100)
            case 9: options.spinMicroseconds = chance.one(-1, 0, 100)
            case 10: options.routingID = Array(chance.one("", "x", "y").utf8)
            case 11: options.reconnectStop = ReconnectStop(rawValue: chance.number(0...7))
            default: options.sendBufferBytes = chance.one(-1, 4096)
            }
        }
    }

    func change(_ chance: inout Chance) {
        var other = chance
        try? socket.setOptions { SwiftSubject.change(&$0, &other) }
        chance = other
    }

    func look(_ chance: inout Chance) {
        switch chance.number(0...2) {
        case 0: _ = try? socket.events()
        case 1: _ = try? socket.pollDescriptor()
        default: _ = socket.options
        }
    }

    // MARK: Sending

    func send(_ chance: inout Chance) {
        let flags: SendFlags = chance.chance(oneIn: 4) ? [] : .dontWait
        let bytes = Scrap.make(chance.size(), &chance)
        switch socket {
        case let socket as RadioSocket:
            try? socket.send(bytes, group: chance.one("a", "b", "c"), flags)
        case let socket as NumberingSocket:
            try? socket.send(bytes, to: lastNumber.withLock { $0 }, flags)
        case let socket as any SendingSocket:
            var parts = [bytes]
            for _ in 0..<chance.one(0, 0, 0, 3) { parts.append(Scrap.make(chance.size(), &chance)) }
            if socket is RouterSocket || socket is DatagramSocket {
                parts.insert(lastPeer.withLock { $0 }, at: 0)
            }
            try? socket.send(parts: parts, flags)
        default: break
        }
    }

    // MARK: Receiving

    func receive(_ chance: inout Chance) {
        guard let socket = socket as? any ReceivingSocket else { return }
        for _ in 0..<chance.number(1...4) {
            do {
                guard
                    let message = try chance.chance(oneIn: 4)
                        ? Optional(socket.receive()) : socket.tryReceive()
                else { return }
                look(at: message)
            } catch {
                return
            }
        }
    }

    private func look(at message: borrowing Message) {
        lastNumber.withLock { $0 = message.routingID }
        let first = message.withFrame(0) { Array($0.array.prefix(255)) }
        lastPeer.withLock { $0 = first }
        for index in 0..<message.count {
            message.withFrame(index) { frame in
                frame.withUnsafeBytes { Scrap.check($0, name) }
            }
        }
    }

    // MARK: Tasks, callbacks, groups

    func special(_ world: World, _ chance: inout Chance) {
        switch chance.number(0...9) {
        case 0:
            let group = chance.one("a", "b", "c")
            try? (socket as? DishSocket)?.join(group)
            try? (socket as? SubSocket)?.subscribe(group)
        case 1:
            let group = chance.one("a", "b", "c")
            try? (socket as? DishSocket)?.leave(group)
            try? (socket as? SubSocket)?.unsubscribe(group)
        case 2:
            let monitor = socket.monitor()
            world.startTask { for await _ in monitor {} }
        case 3, 4: toggleCallback(&chance)
        case 5, 6: startSending(world, &chance)
        case 7: runProxy(world, &chance)
        default: startReceiving(world, &chance)
        }
    }

    private func toggleCallback(_ chance: inout Chance) {
        guard let socket = socket as? any ReceivingSocket else { return }
        if chance.chance(oneIn: 3) {
            try? socket.stopMessages()
        } else {
            try? socket.onMessage { [self] message in look(at: message) }
        }
    }

    private func startSending(_ world: World, _ chance: inout Chance) {
        guard let socket = socket as? any SendingSocket else { return }
        let bytes = Scrap.make(chance.size(), &chance)
        let count = chance.number(1...50)
        world.startTask {
            for _ in 0..<count {
                do {
                    try await socket.send(bytes)
                } catch {
                    return
                }
            }
        }
    }

    private func startReceiving(_ world: World, _ chance: inout Chance) {
        guard let socket = socket as? any ReceivingSocket else { return }
        let isSequence = chance.chance(oneIn: 2)
        world.startTask { [self] in
            do {
                if isSequence {
                    for try await received in socket.messages { look(at: received.message) }
                } else {
                    while true { look(at: try await socket.receive()) }
                }
            } catch {
                return
            }
        }
    }

    private func runProxy(_ world: World, _ chance: inout Chance) {
        guard let front = socket as? any ReceivingSocket,
            let back = world.anyInSwift(&chance)?.socket as? any SendingSocket
        else { return }
        let proxy = Proxy(from: front, to: back)
        world.startTask { try? await proxy.run() }
        guard chance.chance(oneIn: 2) else { return }
        let milliseconds = UInt64(chance.number(0...200))
        world.startTask {
            try? await Task.sleep(nanoseconds: milliseconds * 1_000_000)
            proxy.stop()
        }
    }
}
