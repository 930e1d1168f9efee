import Glibc
import MCFacade
import MCLock
import MCTestSupport
import Synchronization
import Testing

extension FacadeTests {
    /// Streams of everything that a stream can be made of, received in every way, with pauses on
    /// both sides and changing high-water marks: each message arrives once, in order and whole.
    @Suite struct MixedStreams {
        enum Style: String, CaseIterable, CustomTestStringConvertible {
            case polling, reusing, trying, descriptor, callback, task, sequence
            var testDescription: String { rawValue }
        }

        private static var options: SocketOptions {
            .test {
                $0.sendTimeoutMilliseconds = 20_000
                $0.receiveTimeoutMilliseconds = 20_000
            }
        }

        @Test(arguments: Style.allCases, Way.allCases)
        func pipelines(style: Style, way: Way) async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, way, options: Self.options)
                try await stream(from: push, to: pull, style, seed: 1)
            }
        }

        /// What is published goes out in runs, the same for all subscribers.
        @Test(arguments: Style.allCases, Way.allCases)
        func publications(style: Style, way: Way) async throws {
            try await withContext { context in
                let pub = try PubSocket(
                    context: context, options: .test { $0.sendHighWaterMark = 0 })
                let endpoint = try pub.bind(way.fresh)
                // No marks, so that nothing is dropped.
                let options = SocketOptions.test {
                    $0.receiveHighWaterMark = 0
                    $0.receiveTimeoutMilliseconds = 20_000
                }
                let sub = try SubSocket(context: context, options: options)
                let other = try SubSocket(context: context, options: options)
                for socket in [sub, other] {
                    try socket.subscribe("")
                    try socket.connect(endpoint)
                }
                let order = Order(seed: 2)
                let drain = Worker {
                    while !order.isOver { order.take(try other.receive()) }
                }
                try await stream(from: pub, to: sub, style, seed: 2, beside: order)
                try drain.join()
                #expect(order.problem == nil)
            }
        }

        private func stream(
            from source: any SendingSocket, to sink: any ReceivingSocket, _ style: Style,
            seed: UInt64, beside other: Order? = nil
        ) async throws {
            let order = Order(seed: seed) { random in
                // Between two messages, whoever takes them.
                switch Int.random(in: 0..<400, using: &random) {
                case 0: usleep(UInt32.random(in: 0..<30_000, using: &random))
                case 1...10: usleep(UInt32.random(in: 0..<100, using: &random))
                case 11...12 where sink is PullSocket:
                    let mark = [0, 1, 2, 7, 100, 1000].randomElement(using: &random) ?? 0
                    _ = code { try sink.setOptions { $0.receiveHighWaterMark = mark } }
                default: break
                }
            }
            let sending = Worker {
                if source is PubSocket {
                    while !order.hasBegun || other?.hasBegun == false {
                        try source.send(Order.probe)
                        usleep(500)
                    }
                }
                var random = SeededGenerator(seed: seed + 100)
                for index in 0..<Order.total {
                    switch Int.random(in: 0..<300, using: &random) {
                    case 0: usleep(UInt32.random(in: 0..<25_000, using: &random))
                    case 1...10: usleep(UInt32.random(in: 0..<100, using: &random))
                    default: break
                    }
                    try source.send(parts: Order.parts(index, seed: seed))
                }
            }
            try await receive(from: sink, style, into: order)
            #expect(order.problem == nil)
            try sending.join(within: 40_000)
            #expect(order.hasEnded)
        }

        private func receive(
            from sink: any ReceivingSocket, _ style: Style, into order: Order
        ) async throws {
            switch style {
            case .polling, .reusing, .trying, .descriptor:
                let receiving = Worker { try Self.poll(sink, style, into: order) }
                try receiving.join(within: 40_000)
            case .callback:
                try sink.onMessage { order.take($0) }
                #expect(eventually(within: 20_000) { order.isOver })
            case .task:
                while !order.isOver { order.take(try await sink.receive()) }
            case .sequence:
                for try await message in sink.messages {
                    order.take(message.message)
                    if order.isOver { break }
                }
            }
        }

        @Sendable private static func poll(
            _ sink: any ReceivingSocket, _ style: Style, into order: Order
        ) throws {
            switch style {
            case .reusing:
                var message = Message()
                while !order.isOver {
                    try sink.receive(into: &message)
                    order.take(message)
                }
            case .trying:
                let deadline = ContinuousClock.now + .seconds(20)
                while !order.isOver, ContinuousClock.now < deadline {
                    if let message = try sink.tryReceive() { order.take(message) }
                }
            case .descriptor:
                let descriptor = try sink.pollDescriptor()
                var taken = 0
                while !order.isOver {
                    try #require(
                        isReady(descriptor, Int16(POLLIN), within: 20_000), "a missed wake-up")
                    guard try sink.events().contains(.canReceive) else { continue }
                    // Sometimes it leaves something, of which the descriptor goes on to tell.
                    while let message = try sink.tryReceive() {
                        order.take(message)
                        taken += 1
                        if taken % 7 == 0 { break }
                    }
                }
            default:
                while !order.isOver { order.take(try sink.receive()) }
            }
        }
    }
}

/// The messages of a stream, and how far it has come.
private final class Order: Sendable {
    static let probe = [UInt8]("probe".utf8)
    static let total = scaled(4000)

    private struct State {
        var next = 0
        var hasBegun = false
        var problem: String?
        var random: SeededGenerator
    }

    private let state: Locked<State>
    private let seed: UInt64
    private let between: @Sendable (inout SeededGenerator) -> Void

    init(
        seed: UInt64, between: @escaping @Sendable (inout SeededGenerator) -> Void = { _ in }
    ) {
        self.seed = seed
        self.between = between
        state = Locked(State(random: SeededGenerator(seed: seed + 200)))
    }

    var hasBegun: Bool { state.withLock { $0.hasBegun } }
    var problem: String? { state.withLock { $0.problem } }
    /// All messages came, or something is wrong.
    var isOver: Bool { state.withLock { $0.next == Order.total || $0.problem != nil } }
    var hasEnded: Bool { state.withLock { $0.next == Order.total } }

    func take(_ message: borrowing Message) {
        let parts = message.parts
        var random = state.withLock { state in
            state.hasBegun = true
            guard state.problem == nil, parts != [Order.probe] else { return state.random }
            if state.next >= Order.total {
                state.problem = "more than was sent"
            } else if parts != Order.parts(state.next, seed: seed) {
                let what = parts.map { "\($0.count) bytes: \($0.prefix(8))" }
                state.problem = "\(state.next) came as \(what)"
            }
            state.next += 1
            return state.random
        }
        between(&random)
        state.withLock { $0.random = random }
    }

    /// Around the limits of what is kept in a frame, of short headers, of what goes through a queue
    /// between threads, of reads and of what is read straight into its place.
    private static let sizes =
        [0, 1, 2, 7, 54, 55, 56, 57, 58, 63, 64, 65, 128]
        + [253, 254, 255, 256, 257, 447, 448, 449, 504, 505, 511, 512, 513, 1000]
        + [4000, 8158, 8160, 8183, 8190, 8191, 8192, 8193, 8200, 16_384]
    private static let largeSizes = [65_526, 65_527, 65_535, 65_536, 65_537, 131_072, 200_001]

    /// The frames of message `index`: runs of one kind, and runs of all.
    static func parts(_ index: Int, seed: UInt64) -> [[UInt8]] {
        var phase = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(index / 97))
        let kind = Int.random(in: 0..<5, using: &phase)
        let most = [29, sizes.count, 13, sizes.count, 29][kind]
        var random = SeededGenerator(seed: seed &* 7919 &+ UInt64(index))
        let isLone = kind < 2 || kind == 4 && Int.random(in: 0..<10, using: &random) > 0
        let count = isLone ? 1 : Int.random(in: 1...5, using: &random)
        return (0..<count).map { place in
            var size = sizes[Int.random(in: 0..<min(most, sizes.count), using: &random)]
            if Int.random(in: 0..<150, using: &random) == 0 {
                size = largeSizes.randomElement(using: &random) ?? 0
            }
            var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: index &* 31), count: size)
            // Each says which it is, as far as it has room.
            for (byte, value) in [index & 255, index >> 8, place].enumerated() where byte < size {
                bytes[byte] = UInt8(truncatingIfNeeded: value)
                bytes[size - 1 - byte] = UInt8(truncatingIfNeeded: value)
            }
            return bytes
        }
    }
}
