import MCFacade
import MCLock
import Synchronization
import Testing

extension FacadeTests {
    /// What a callback may rely on, and what it may do.
    @Suite struct Callbacks {
        /// After `stopMessages` the socket is free for another way.
        @Test(arguments: Way.allCases)
        func aStoppedCallbackFreesTheSocket(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let box = Collected()
                try pull.onMessage { box.add($0.string() ?? "?") }
                try push.send("called")
                #expect(eventually { box.texts == ["called"] })
                try pull.stopMessages()
                #expect(code { try pull.stopMessages() } == .invalidState)
                try push.send("polled")
                #expect(try pull.text() == "polled")
                #expect(box.texts == ["called"])
            }
        }

        /// What had come before the callback was set is delivered to it.
        @Test(arguments: Way.allCases)
        func aCallbackGetsWhatWaits(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                for index in 0..<700 { try push.send("\(index)") }
                pause(50)
                let box = Collected()
                try pull.onMessage { box.add($0.string() ?? "?") }
                #expect(eventually { box.texts.count == 700 })
                #expect(box.texts == (0..<700).map { "\($0)" })
            }
        }

        /// A callback may send, on its own socket and others, and may close the socket.
        @Test(arguments: Way.allCases)
        func callbacksMayUseTheSockets(way: Way) throws {
            try withContext { context in
                let rep = try RepSocket(context: context, options: .test)
                let req = try ReqSocket(context: context, options: .test)
                try req.connect(try rep.bind(way.fresh))
                let box = Collected()
                try rep.onMessage { message in
                    box.add(message.string() ?? "?")
                    _ = code { try rep.send(message) }
                    if message.string() == "last" {
                        pause(20)
                        rep.close()
                    }
                }
                for index in 0..<20 {
                    try req.send("\(index)")
                    #expect(try req.text() == "\(index)")
                }
                try req.send("last")
                #expect(eventually { box.texts.last == "last" })
                #expect(eventually { code { try rep.send("x") } == .closed })
            }
        }

        /// A callback may be the last to hold its socket, or to be held by it.
        @Test(arguments: [true, false])
        func aCallbackMayHoldItsSocket(stops: Bool) throws {
            try withContext { context in
                let (push, endpoint) = (
                    try PushSocket(context: context, options: .test), Way.inproc.fresh
                )
                try push.bind(endpoint)
                let count = Atomic<Int>(0)
                do {
                    let pull = try PullSocket(context: context, options: .test)
                    try pull.connect(endpoint)
                    try pull.onMessage { _ in
                        if stops { _ = code { try pull.stopMessages() } }
                        count.add(1, ordering: .relaxed)
                    }
                }
                try push.send("x")
                #expect(eventually { count.load(ordering: .relaxed) == 1 })
                let closing = Worker { context.close() }
                #expect(closing.ends(within: 5000))
            }
        }

        /// Callbacks of a socket never overlap, also when many send to it.
        @Test(arguments: Way.allCases)
        func callbacksComeOneAtATime(way: Way) throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind(way.fresh)
                let probe = Probe()
                try pull.onMessage { _ in probe.pass() }
                let senders = (0..<3).map { _ in
                    Worker {
                        let push = try PushSocket(context: context, options: .test)
                        try push.connect(endpoint)
                        for _ in 0..<2000 { try push.send("x") }
                        _ = eventually { probe.passed == 6000 }
                    }
                }
                for sender in senders { try sender.join() }
                #expect(probe.passed == 6000)
                #expect(probe.overlaps == 0)
            }
        }

        final class Probe: Sendable {
            private let inside = Atomic(0)
            private let count = Atomic(0)
            private let overlapping = Atomic(0)
            var passed: Int { count.load(ordering: .acquiring) }
            var overlaps: Int { overlapping.load(ordering: .acquiring) }

            func pass() {
                if inside.add(1, ordering: .acquiringAndReleasing).newValue != 1 {
                    overlapping.add(1, ordering: .relaxed)
                }
                inside.subtract(1, ordering: .acquiringAndReleasing)
                count.add(1, ordering: .acquiringAndReleasing)
            }
        }
    }
}

/// Texts that a callback collects, but for probes.
final class Collected: Sendable {
    private let state = Locked<[String]>([])
    var texts: [String] { state.withLock { $0 } }
    func add(_ text: String) {
        guard !text.hasPrefix("probe") else { return }
        state.withLock { $0.append(text) }
    }
}
