import Glibc
import MCFacade
import MCTestSupport
import Synchronization
import Testing

extension FacadeTests {
    /// Runs that stand still when a wake-up is lost anywhere: each receive and send has a limit
    /// far above what it may take.
    @Suite struct LostWakeUps {
        private static let options = SocketOptions.test {
            $0.receiveTimeoutMilliseconds = 5000
            $0.sendTimeoutMilliseconds = 5000
        }

        /// A pause of a random length: none, some turns, some microseconds, a sleep.
        @Sendable private static func hesitate(_ state: inout UInt64) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            switch state >> 60 {
            case 0: usleep(UInt32(state >> 40) % 200)
            case 1, 2: sched_yield()
            case 3, 4: for _ in 0..<(state >> 50) % 2000 { _ = getpid() }
            default: break
            }
        }

        @Test(arguments: Way.allCases)
        func pingPong(way: Way) throws {
            try withContext { context in
                let a = try PairSocket(context: context, options: Self.options)
                let b = try PairSocket(context: context, options: Self.options)
                try b.connect(try a.bind(way.fresh))
                let rounds = scaled(3000)
                let echo = Worker {
                    var random: UInt64 = 1
                    for _ in 0..<rounds {
                        let message = try b.receive()
                        Self.hesitate(&random)
                        try b.send(message)
                    }
                }
                var random: UInt64 = 2
                for index in 0..<rounds {
                    Self.hesitate(&random)
                    try a.send("\(index)")
                    Self.hesitate(&random)
                    #expect(try a.text() == "\(index)")
                }
                try echo.join()
            }
        }

        /// Full queues and empty queues in turn, in both directions at once.
        @Test(arguments: Way.allCases)
        func streaming(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.receiveTimeoutMilliseconds = 5000
                    $0.sendTimeoutMilliseconds = 5000
                    $0.sendHighWaterMark = 3
                    $0.receiveHighWaterMark = 5
                }
                let a = try PairSocket(context: context, options: options)
                let b = try PairSocket(context: context, options: options)
                try b.connect(try a.bind(way.fresh))
                let total = scaled(15_000)
                let body = [UInt8](repeating: 1, count: 600)
                let work = [(a, 1), (b, 2)].flatMap { socket, seed in
                    [
                        Worker {
                            var random = UInt64(seed)
                            for _ in 0..<total {
                                Self.hesitate(&random)
                                try socket.send(body)
                            }
                        },
                        Worker {
                            var random = UInt64(seed + 10)
                            for _ in 0..<total {
                                Self.hesitate(&random)
                                _ = try socket.receive()
                            }
                        },
                    ]
                }
                for worker in work { try worker.join(within: 50_000) }
            }
        }

        /// Several threads wait on each socket; whoever is woken must be the one to go on.
        @Test(arguments: Way.allCases)
        func manyWaiters(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.receiveTimeoutMilliseconds = 5000
                    $0.sendTimeoutMilliseconds = 5000
                    $0.sendHighWaterMark = 2
                    $0.receiveHighWaterMark = 2
                }
                let (push, pull) = try pipeline(context, way, options: options)
                let each = scaled(2500)
                let body = [UInt8](repeating: 1, count: 3000)
                let receivers = (0..<4).map { seed in
                    Worker {
                        var random = UInt64(seed)
                        for _ in 0..<each {
                            Self.hesitate(&random)
                            _ = try pull.receive()
                        }
                    }
                }
                let senders = (0..<4).map { seed in
                    Worker {
                        var random = UInt64(seed + 10)
                        for _ in 0..<each {
                            Self.hesitate(&random)
                            try push.send(body)
                        }
                    }
                }
                for worker in receivers + senders { try worker.join(within: 50_000) }
            }
        }

        /// Who looks on before it sleeps gives up just when the message comes, while others ask the
        /// same socket and so settle what it had noted.
        @Test func pausesAsLongAsALook() throws {
            try withContext { context in
                var options = Self.options
                // Always, and not only while it pays off.
                options.spinMicroseconds = 10
                let (push, pull) = try pipeline(context, .inproc, options: options)
                let total = scaled(20_000)
                let taken = Atomic<Int>(0)
                let isOver = Atomic<Bool>(false)
                let asking = Worker {
                    var random: UInt64 = 5
                    while !isOver.load(ordering: .relaxed) {
                        Self.hesitate(&random)
                        _ = try pull.events()
                    }
                }
                let receiver = Worker {
                    defer { isOver.store(true, ordering: .relaxed) }
                    for index in 0..<total {
                        // At its time limit a receive looks once more: it would find the message.
                        let took = try elapsed { _ = try pull.receive() }
                        try #require(took < 2500, "message \(index)")
                        taken.add(1, ordering: .releasing)
                    }
                }
                var random = SeededGenerator(seed: 6)
                for index in 0..<total where !isOver.load(ordering: .relaxed) {
                    while taken.load(ordering: .acquiring) < index,
                        !isOver.load(ordering: .relaxed)
                    {
                        sched_yield()
                    }
                    let pause = Duration.nanoseconds(Int.random(in: 5_000..<15_000, using: &random))
                    let end = ContinuousClock.now + pause
                    while ContinuousClock.now < end {}
                    try push.send("x")
                }
                try receiver.join(within: 50_000)
                try asking.join()
            }
        }

        @Test(arguments: Way.allCases)
        func tasksPingPong(way: Way) async throws {
            try await withContext { context in
                let a = try PairSocket(context: context, options: Self.options)
                let b = try PairSocket(context: context, options: Self.options)
                try b.connect(try a.bind(way.fresh))
                let rounds = scaled(3000)
                let echo = Task {
                    for _ in 0..<rounds { try await b.send(try await b.receive()) }
                }
                var random: UInt64 = 3
                for index in 0..<rounds {
                    try await a.send("\(index)")
                    Self.hesitate(&random)
                    #expect(try await a.asyncText() == "\(index)")
                }
                try await echo.value
            }
        }

        /// A receiver that comes and goes between polling with and without waiting: the reading is
        /// handed over between it and the I/O thread all the time.
        @Test(arguments: Way.allCases)
        func readingChangesHands(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way, options: Self.options)
                let total = scaled(3000)
                let sender = Worker {
                    var random: UInt64 = 4
                    for index in 0..<total {
                        try push.send("\(index)")
                        Self.hesitate(&random)
                        if index % 50 == 0 { usleep(7000) }
                    }
                }
                for index in 0..<total {
                    if index % 70 == 0 { usleep(6000) }
                    if index % 3 == 0, let message = try pull.tryReceive() {
                        #expect(message.string() == "\(index)")
                    } else {
                        #expect(try pull.text() == "\(index)")
                    }
                }
                try sender.join()
            }
        }
    }
}
