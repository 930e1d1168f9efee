import Glibc
import MCFacade
import MCTestSupport
import Synchronization
import Testing

extension FacadeTests {
    /// Who reads and decodes changes all the time: receivers, those who only ask, the I/O thread.
    /// Nobody else is to notice.
    @Suite struct HandOvers {
        /// Asking for the events of a socket that has a callback takes no message from it.
        @Test(arguments: Way.streams)
        func askingMeetsACallback(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let count = Atomic<Int>(0)
                try pull.onMessage { _ in count.add(1, ordering: .relaxed) }
                let isOver = Atomic<Bool>(false)
                let asking = Worker {
                    while !isOver.load(ordering: .relaxed) {
                        _ = try pull.events()
                        usleep(20)
                    }
                }
                for index in 1...scaled(500) {
                    try push.send(parts: [[1], [2]])
                    let isThere = eventually(within: 3000) {
                        count.load(ordering: .relaxed) == index
                    }
                    #expect(isThere, "message \(index)")
                    guard isThere else { break }
                }
                isOver.store(true, ordering: .relaxed)
                try asking.join()
            }
        }

        /// What `events` has promised stays: also while the I/O thread takes over the decoding of
        /// what a receiver has read and left.
        @Test(arguments: Way.streams)
        func aMessageThatIsThereStaysThere(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                for round in 0..<scaled(40) {
                    for _ in 0..<900 { try push.send("x") }
                    // Read by this look, and decoded by nobody yet.
                    let isThere = try eventually { try pull.events().contains(.canReceive) }
                    #expect(isThere)
                    let end = ContinuousClock.now + .milliseconds(25)
                    while ContinuousClock.now < end {
                        let stays = try pull.events().contains(.canReceive)
                        #expect(stays, "in round \(round)")
                        if !stays { return }
                    }
                    for _ in 0..<900 { #expect(try pull.text() == "x") }
                }
            }
        }

        /// Who reads while the descriptor is made leaves to it what it does not take itself.
        @Test(arguments: Way.streams)
        func aDescriptorMeetsAReceiver(way: Way) throws {
            try withContext { context in
                for round in 0..<scaled(200) {
                    let pull = try PullSocket(context: context, options: .test)
                    let peer = try RawPeer.connect(to: try pull.bind(way.fresh))
                    try peer.shakeHands(as: "PUSH")
                    try peer.send(frame: [0])
                    _ = try pull.receive()
                    let receiving = Worker { try pull.receive().count }
                    usleep(200)
                    // Two messages of two frames, at once.
                    try peer.send([1, 1, 0, 0, 1, 0] + [1, 1, 0, 0, 1, 0])
                    let moment = ContinuousClock.now + .microseconds(round % 100)
                    while ContinuousClock.now < moment {}
                    let descriptor = try pull.pollDescriptor()
                    _ = try pull.events()
                    #expect(try receiving.join() == 2)
                    let isTold = isReady(descriptor, Int16(POLLIN), within: 1000)
                    #expect(isTold, "in round \(round)")
                    if !isTold { return }
                    #expect(try pull.tryReceive()?.count == 2)
                    pull.close()
                }
            }
        }

        /// A peer that sends without end leaves the others their turn.
        @Test(arguments: Way.streams, [true, false])
        func aFloodKeepsNobodyOut(way: Way, calls: Bool) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let floods = try (0..<4).map { _ in
                    try PushSocket(context: context, options: .test)
                }
                let other = try PushSocket(context: context, options: .test)
                for push in floods + [other] { try push.connect(endpoint) }
                let isOver = Atomic<Bool>(false)
                let flooding = Worker {
                    let body = [UInt8](repeating: 1, count: 30_000)
                    while !isOver.load(ordering: .relaxed) {
                        for flood in floods { _ = code { try flood.send(body, .dontWait) } }
                    }
                }
                let seen = Atomic<Int>(0)
                // Slower than the flood, so that there is always more of it.
                let look: @Sendable (borrowing Message) -> Void = { message in
                    let end = ContinuousClock.now + .microseconds(100)
                    while ContinuousClock.now < end {}
                    if message.string() == "other" { seen.add(1, ordering: .relaxed) }
                }
                let receiving = Worker {
                    if calls { return try pull.onMessage(look) }
                    while !isOver.load(ordering: .relaxed) { look(try pull.receive()) }
                }
                pause(200)
                for index in 1...5 {
                    try other.send("other")
                    #expect(
                        eventually(within: 3000) { seen.load(ordering: .relaxed) == index },
                        "message \(index)")
                }
                isOver.store(true, ordering: .relaxed)
                try flooding.join()
                try other.send("other")
                try receiving.join()
            }
        }
    }
}
